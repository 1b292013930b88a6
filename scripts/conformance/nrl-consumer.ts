import type { Checklist } from './list.ts';

/** The National Record Locator (v3, R4) as its consumers call it: the specifications of producer and consumer of 2026, and the code behind them. */
export const nrlConsumer: Checklist = {
  page: 'nrl-consumer',
  title: 'National Record Locator, as a consumer calls it',
  source:
    'NHS England, nrl-consumer-api and nrl-producer-api (specifications of 2026), NRLF (code of 2024) where they say nothing, old NRL guide (retrieval, caching); project research nhs.md section 1',
  lines: [
    {
      id: 'nrl.1',
      asks: 'GET DocumentReference and POST DocumentReference/_search find pointers; POST keeps the NHS number out of the address',
    },
    { id: 'nrl.2', asks: 'GET DocumentReference/{id} reads one pointer' },
    { id: 'nrl.3', asks: 'NHSD-End-User-Organisation-ODS is required: without it 400 required PRECONDITION_FAILED' },
    { id: 'nrl.4', asks: 'X-Request-ID is required, a UUID, and mirrored; X-Correlation-ID is mirrored' },
    { id: 'nrl.5', asks: 'subject:identifier is required; a parameter that is not known is 400 INVALID_PARAMETER' },
    { id: 'nrl.6', asks: 'An NHS number that is none is 400 INVALID_NHS_NUMBER' },
    { id: 'nrl.7', asks: 'type, category (system|code) and custodian:identifier narrow a search; another type finds nothing' },
    { id: 'nrl.8', asks: '_summary=count gives the total only' },
    { id: 'nrl.9', asks: 'A search answers a searchset; one that finds nothing is 200 with total 0' },
    { id: 'nrl.10', asks: 'type 736253002; exactly one category, 734163000, with its display; practiceSetting' },
    {
      id: 'nrl.11',
      asks: 'id {ODS}-{uuid}; one author and the custodian by ODS code; the subject by NHS number, without a literal reference; securityLabel V',
    },
    {
      id: 'nrl.12',
      asks: 'Each content: attachment, format of England-NRLFormatCode, ContentStability, RetrievalMechanism; no address holds an identifier of a person',
    },
    { id: 'nrl.13', asks: 'Errors: an OperationOutcome whose details.coding is of the Spine-ErrorOrWarningCode system, which can be set' },
    { id: 'nrl.14', asks: '401 and 403 are forbidden ACCESS_DENIED' },
    {
      id: 'nrl.15',
      asks: 'Permission by application and organisation: pointers to crisis plans only for those who may see them; never police',
    },
    { id: 'nrl.16', asks: 'Audit: who asked, for whom, what was shown, when' },
    { id: 'nrl.17', asks: 'Logs and metrics keep no address with an NHS number' },
    { id: 'nrl.18', asks: 'A pointer ends with the plan' },
    { id: 'nrl.19', asks: 'application/pdf (urn:nhs-ic:unstructured): the plan, under the same authentication' },
    { id: 'nrl.20', asks: 'text/html (urn:nhs-ic:record-contact): whom to ring' },
    { id: 'nrl.21', asks: 'What was retrieved is not to be cached; no address works by itself' },
    {
      id: 'nrl.22',
      asks: 'relatesTo replaces, where a pointer takes the place of another',
      notApplicable:
        'computed for its asker, a pointer keeps its id for as long as the plan goes on: none takes the place of another. Of pointers that are published: nrlp.5',
    },
    {
      id: 'nrl.23',
      asks: 'next-page-token',
      notApplicable: 'all pointers of a person stand on one page; a token that is sent is refused',
    },
    {
      id: 'nrl.24',
      asks: 'Retrieval by the Spine Secure Proxy (ssp://)',
      notApplicable: 'the broker is read directly; no proxy was there to try',
    },
  ],
};
