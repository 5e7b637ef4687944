/** The servers' configuration files. Flood limits are those of the examples that come with the packages. */

export interface Inspircd {
  readonly folder: string;
  readonly root: string;
  readonly plain: number;
  readonly tls: number;
  /** Flood limits lifted: for measurements and for people who type faster than people. */
  readonly fast: number;
  /** Where services and the other server come in. */
  readonly link: number;
  /** Null: the first server of the network. Else the second, which reaches the first's `link` through this port. */
  readonly through: number | null;
  /** Modules that it has not. */
  readonly lacking: readonly string[];
}

/** Only the clones allowed from one address are raised: every client here comes from 127.0.0.1. */
export function inspircdConfig({ folder, root, plain, tls, fast, link, through, lacking }: Inspircd): string {
  const clients =
    'allow="*" timeout="20" pingfreq="2m" globalmax="500" localmax="500" maxchans="20" resolvehostnames="no"';
  const [name, id] = through === null ? ['irc.vigie.test', '1TS'] : ['far.vigie.test', '2TS'];
  return `
<path moduledir="${root}/usr/lib/inspircd/modules" configdir="${folder}" datadir="${folder}" logdir="${folder}" runtimedir="${folder}">
<server name="${name}" description="test" network="TestNet" id="${id}">
<admin name="test" nick="test" email="test@vigie.test">
<bind address="127.0.0.1" port="${plain}" type="clients">
<bind address="127.0.0.1" port="${fast}" type="clients">
<bind address="127.0.0.1" port="${tls}" type="clients" sslprofile="test">
<bind address="127.0.0.1" port="${link}" type="servers">
<sslprofile name="test" provider="gnutls" certfile="${folder}/cert.pem" keyfile="${folder}/key.pem" hash="sha256">
<connect name="fast" port="${fast}" ${clients} hardsendq="16M" softsendq="8M" recvq="1M" threshold="100000" commandrate="1000000" fakelag="no">
<connect name="main" ${clients} hardsendq="1M" softsendq="10240" recvq="10K" threshold="10" commandrate="1000" fakelag="yes">
<cidr ipv4clone="32" ipv6clone="128">
<options prefixquit="Quit: " syntaxhints="no" casemapping="ascii" defaultmodes="not" announcets="yes">
<performance netbuffersize="10240" somaxconn="128" softlimit="12800" quietbursts="yes">
<security announceinvites="dynamic" hideulines="no" maxtargets="20" userstats="Pu" customversion="">
<limits maxaway="200" maxchan="60" maxhost="64" maxident="10" maxkick="300" maxmodes="20" maxnick="30" maxquit="300" maxreal="130" maxtopic="330">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="${folder}/${name}.log" flush="1">
<pid file="${folder}/${name}.pid">
<insane hostmasks="no" ipmasks="no" nickmasks="no" trigger="95.5">
<class name="test" commands="*" privs="*" usermodes="*" chanmodes="*">
<type name="test" classes="test">
<oper name="test" password="test-oper" host="*@*" type="test">
<ircv3 accountnotify="yes" awaynotify="yes" extendedjoin="yes" standardreplies="yes"><ctctags allowclientonlytags="yes">
<sasl target="services.vigie.test">
${inspircdModules
  .filter((name) => !lacking.includes(name))
  .map((name) => `<module name="${name}">`)
  .join('\n')}
<uline server="services.vigie.test" silent="yes">
${
  through === null
    ? `${linkTo('services.vigie.test', link)}${linkTo('far.vigie.test', link)}`
    : `${linkTo('irc.vigie.test', through)}<autoconnect period="1" server="irc.vigie.test">`
}
<badnick nick="NickServ" reason="service"><badnick nick="ChanServ" reason="service"><badnick nick="SaslServ" reason="service">
`;
}

function linkTo(name: string, port: number): string {
  return `<link name="${name}" ipaddr="127.0.0.1" port="${port}" allowmask="127.0.0.0/8" sendpass="test-link" recvpass="test-link">`;
}

// atheme ends the link where `deaf`, `servprotect`, `hideoper` or `services_account` is missing.
const inspircdModules = [
  'cap ircv3 ircv3_accounttag ircv3_batch ircv3_capnotify ircv3_chghost ircv3_ctctags ircv3_echomessage',
  'ircv3_invitenotify ircv3_labeledresponse ircv3_msgid ircv3_servertime monitor namesx uhnames setname botmode',
  'ssl_gnutls sslinfo spanningtree services_account sasl hidechans chghost sethost deaf servprotect hideoper svshold',
  'namedmodes customprefix sha256 md5 messageflood repeat delaymsg noctcp stripcolor blockcolor chanhistory samode',
].flatMap((line) => line.split(' '));

export function athemeConfig({ link }: { link: number }): string {
  return `
${athemeModules.map((name) => `loadmodule "modules/${name}";`).join('\n')}
pbkdf2v2 { digest = "SHA256"; rounds = 10000; };
serverinfo { name = "services.vigie.test"; desc = "services"; numeric = "00A"; recontime = 2; netname = "TestNet";
  hidehostsuffix = "users.vigie.test"; adminname = "test"; adminemail = "test@vigie.test"; registeremail = "noreply@vigie.test";
  loglevel = { error; info; admin; network; }; maxlogins = 50; maxusers = 50; mdlimit = 30; emaillimit = 10; emailtime = 300;
  auth = none; casemapping = ascii; };
uplink "irc.vigie.test" { host = "127.0.0.1"; send_password = "test-link"; receive_password = "test-link"; port = ${link}; };
nickserv { nick = "NickServ"; user = "NickServ"; host = "services.vigie.test"; real = "Nickname Services"; aliases { "ID" = "IDENTIFY"; };
  spam; maxnicks = 5; expire = 0; enforce_expire = 0; enforce_delay = 30; enforce_prefix = "Guest"; waitreg_time = 0; };
chanserv { nick = "ChanServ"; user = "ChanServ"; host = "services.vigie.test"; real = "Channel Services"; aliases { }; fantasy = no;
  maxchans = 5; expire = 0; };
operserv { nick = "OperServ"; user = "OperServ"; host = "services.vigie.test"; real = "Operator Services"; aliases { }; };
saslserv { nick = "SaslServ"; user = "SaslServ"; host = "services.vigie.test"; real = "SASL Authentication Agent"; };
database { };
general { helpchan = "#help"; helpurl = ""; verbose_wallops = no; join_chans; leave_chans; flood_msgs = 0; flood_time = 10; ratelimit_uses = 0;
  ratelimit_period = 60; vhost_change = 30; kline_time = 7; clone_time = 0; commit_interval = 5; operstring = "o"; servicestring = "s";
  default_clone_allowed = 500; default_clone_warn = 400; uplink_sendq_limit = 1048576; language = "en"; };
`;
}

const athemeModules = [
  'protocol/inspircd backend/opensex crypto/pbkdf2v2 nickserv/main nickserv/access nickserv/badmail nickserv/cert',
  'nickserv/drop nickserv/enforce nickserv/ghost nickserv/group nickserv/help nickserv/identify',
  'nickserv/info nickserv/list nickserv/logout nickserv/register nickserv/set_core nickserv/set_enforcetime',
  'nickserv/set_password nickserv/set_accountname nickserv/status chanserv/main chanserv/access chanserv/flags',
  'chanserv/help chanserv/info chanserv/op chanserv/register chanserv/set_core chanserv/set_mlock chanserv/status',
  'chanserv/sync operserv/main operserv/info saslserv/main saslserv/plain saslserv/external',
].flatMap((line) => line.split(' '));

export function ngircdConfig({ folder, port }: { folder: string; port: number }): string {
  return `
[Global]
  Name = ng.vigie.test
  Info = bare server, no services
  AdminInfo1 = test
  AdminEMail = test@vigie.test
  Listen = 127.0.0.1
  Ports = ${port}
  MotdPhrase = test
  Network = NgTest
  PidFile = ${folder}/ngircd.pid
[Limits]
  MaxConnections = 500
  MaxConnectionsIP = 0
  MaxJoins = 50
  MaxNickLength = 20
  PingTimeout = 120
  PongTimeout = 20
[Options]
  DNS = no
  Ident = no
  PAM = no
[Operator]
  Name = test
  Password = test-oper
`;
}

/** Its example's limits, but for how many may come from one address and how often. */
export function hybridConfig({ modules, port }: { modules: string; port: number }): string {
  return `
serverinfo { name = "hybrid.vigie.test"; sid = "0HY"; description = "test"; network_name = "HybridTest"; network_description = "test";
  hub = no; default_max_clients = 512; max_nick_length = 15; max_topic_length = 300; };
admin { name = "test"; description = "test"; email = "<test@vigie.test>"; };
class { name = "users"; ping_time = 90 seconds; number_per_ip_local = 200; number_per_ip_global = 200; max_number = 300;
  cidr_bitlen_ipv4 = 24; cidr_bitlen_ipv6 = 120; number_per_cidr = 300; sendq = 100 kbytes; recvq = 2560 bytes; };
listen { host = "127.0.0.1"; port = ${port}; };
auth { user = "*@*"; class = "users"; flags = exceed_limit; };
channel { disable_fake_channels = yes; max_channels = 25; max_bans = 100; default_join_flood_count = 18; default_join_flood_time = 6 seconds; };
general { disable_auth = yes; default_floodcount = 10; default_floodtime = 1 second; anti_nick_flood = yes; max_nick_changes = 5;
  max_nick_time = 20 seconds; pace_wait_simple = 1 second; pace_wait = 10 seconds; ping_cookie = no; max_targets = 4;
  throttle_count = 500; throttle_time = 1 second; };
modules { path = "${modules}"; path = "${modules}/autoload"; };
`;
}
