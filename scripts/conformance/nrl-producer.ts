import type { Checklist } from './list.ts';

/** The National Record Locator (v3, R4) as a producer keeps pointers there. */
export const nrlProducer: Checklist = {
  page: 'nrl-producer',
  title: 'National Record Locator, as a producer keeps pointers there',
  source:
    'NHS England, nrl-producer-api (specification of 2026), NRLF (code: create, search, delete) where it says nothing; project research nhs.md section 1',
  lines: [
    { id: 'nrlp.1', asks: 'Create: POST DocumentReference; 201, RESOURCE_CREATED; the NRL gives id and date' },
    {
      id: 'nrlp.2',
      asks: 'Required: status, content, one author and the custodian by ODS code, practiceSetting, category 734163000, type 736253002, subject by NHS number; V',
    },
    { id: 'nrlp.3', asks: 'Each content: contentType of its format, ContentStability; no address holds an NHS number' },
    { id: 'nrlp.4', asks: 'The custodian is the organisation of NHSD-End-User-Organisation-ODS: another is 400' },
    {
      id: 'nrlp.5',
      asks: 'Supersede: POST with relatesTo replaces; several at once; subject and type stay; what is gone meanwhile is 400',
    },
    {
      id: 'nrlp.6',
      asks: 'Update (PUT)',
      notApplicable:
        'number, custodian and identifier cannot be changed by it, and nothing else of a pointer changes without its being another',
    },
    { id: 'nrlp.7', asks: 'Delete by the owner: 200; 404 NO_RECORD_FOUND where there is none' },
    { id: 'nrlp.8', asks: 'A pointer is deleted when the plan expires, is withdrawn, or the person dies' },
    {
      id: 'nrlp.9',
      asks: 'Search: POST _search with a JSON body keeps the NHS number out of the address; parameters that are not known are 400',
    },
    {
      id: 'nrlp.10',
      asks: 'Further pages of a search: next-page-token, in the body; a link, as in R4',
    },
    {
      id: 'nrlp.11',
      asks: 'Headers: Authorization, NHSD-End-User-Organisation-ODS, X-Request-ID (UUID, mirrored), X-Correlation-ID; application/fhir+json;version=1',
    },
    { id: 'nrlp.12', asks: 'Permission by application, organisation and pointer type: 403' },
    { id: 'nrlp.13', asks: '401 without a good token' },
    { id: 'nrlp.14', asks: 'Audit: what was written, for whom, when' },
    {
      id: 'nrlp.15',
      asks: 'Retrieval by the Spine Secure Proxy (ssp://, ASID)',
      notApplicable: 'what is pointed to is read directly; no proxy was there to try',
    },
  ],
};
