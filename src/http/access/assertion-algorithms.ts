/** Algorithms that a client assertion may be signed by: SMART's two, and RS512, which the NHS API platform asks of its clients (nhs.md section 4). */
export const ASSERTION_ALGORITHMS = ['RS384', 'ES384', 'RS512'] as const;
/** What a client says that it proves itself by (RFC 7523 section 2.2). */
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
