/**
 * The version of the mapping that shapes a plan's words. Raised with every change of what it makes of the same words: approvers sign it with
 * the words, so a draft that was read in the old shape is read again before it is approved.
 */
export const MAPPING_VERSION = 1;
