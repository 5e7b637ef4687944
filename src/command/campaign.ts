import type { CampaignBounds } from './campaign/bounds.ts';

/** Whose hosts are whose. Rows only: what may happen to a host is decided elsewhere. */
export interface CampaignReader {
  /** The campaign of this cloud that has this host now, as `4c1e of alice`; null where none has. */
  of(host: string): Promise<string | null>;
}

/** Fenced by the job's epoch, and audited. */
export interface CampaignWriter extends CampaignReader {
  /** The job that was approved becomes the campaign, under its own id. Said twice it is one; a host of another one is a `UserError`. */
  open(bounds: CampaignBounds): Promise<void>;
}
