// Certificates of people: which have run out, which soon will.

interface Skill {
  skill: string;
  valid_until?: string | null;
}

/** A certificate is renewed by a course, which wants this long to arrange. */
const SOON_DAYS = 30;

/** Days are texts of the calendar, so they compare as they stand; a certificate holds through its last day. */
export function stateOf({ valid_until }: Skill, today: string): "down" | "waiting" | "" {
  if (!valid_until) return "";
  if (valid_until < today) return "down";
  return valid_until < new Date(Date.parse(today) + SOON_DAYS * 86_400_000).toISOString().slice(0, 10) ? "waiting" : "";
}

const first = (skills: Skill[]) => skills.map((it) => it.valid_until ?? "9999").sort()[0] ?? "9999";

/** Whose certificate ends first stands first. */
export const byExpiry = <T extends { certifications: Skill[] }>(people: T[]): T[] => [...people].sort((one, other) => first(one.certifications).localeCompare(first(other.certifications)));
