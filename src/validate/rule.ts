import type { Issue } from '../model/anomaly.ts';
import type { JsonObject } from './json.ts';

/** One thing that the structure check does not see. Takes a resource of bounded depth and its FHIRPath; an empty list is "all well". */
export type Rule = (resource: JsonObject, at: string) => Issue[];
