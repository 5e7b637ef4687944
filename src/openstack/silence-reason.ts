/**
 * Why nothing answered, in words that say what to look at; the rest is Node's own word for it. `asStranger`: this was a
 * login over TLS without a client certificate, and in TLS 1.3 a server that wants one just hangs up.
 */
export function reasonOf(error: unknown, { asStranger }: { asStranger: boolean }): string {
  if (!(error instanceof Error)) return 'no connection';
  const told = `${codeOf(error) ?? ''} ${error.message}`;
  const known = tlsTroubles.find(([pattern]) => pattern.test(told));
  if (asStranger && /UND_ERR_SOCKET|ECONNRESET/.test(told))
    return 'it closed the connection; if it asks for a client certificate, set cert and key in clouds.yaml';
  return known?.[1] ?? (error.message || (codeOf(error) ?? error.name));
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** OpenSSL's codes and texts; the first that fits. */
const tlsTroubles: readonly (readonly [RegExp, string])[] = [
  [/CERT_HAS_EXPIRED/, 'its certificate has expired'],
  [/CERT_NOT_YET_VALID/, "its certificate is not valid yet: is this machine's clock right?"],
  [/ALTNAME_INVALID/, 'its certificate is for another name: use one of its names in auth_url and the catalog'],
  [
    /SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF|UNABLE_TO_GET_ISSUER|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE/,
    'its certificate is from an authority this machine does not trust: set cacert in clouds.yaml to the file of its CA (verify: false trusts anyone)',
  ],
  [
    /alert (certificate required|handshake failure)|ALERT_(CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE)/i,
    'it asks for a client certificate: set cert and key in clouds.yaml',
  ],
  [
    /alert (unknown ca|bad certificate|certificate (expired|revoked|unknown))|ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_(EXPIRED|REVOKED|UNKNOWN))/i,
    'it does not accept the client certificate that cert in clouds.yaml names',
  ],
  [
    /PEM routines|KEY_VALUES_MISMATCH|key values mismatch|no start line/i,
    'cacert, cert and key in clouds.yaml must be PEM files, and cert and key belong together',
  ],
  [/WRONG_VERSION_NUMBER|packet length too long/i, 'it does not speak TLS there: http:// instead of https://?'],
];
