/** What the command line answers to what is no command. */
export const USAGE = `usage: npm run -s broker -- COMMAND
  worker                     a further worker process on the same database, until a signal
  ledger show [--key K]      what is believed of each destination, as JSON; of one key, disclosure or CarePlan with --key
  replay --key K --reason TEXT
                             what is refused, in doubt or awaited at one key is decided again, and sent once more where it may be; it stands in the trail
  chase list                 recalls that nobody has answered, the oldest first: who, since when, which documents
  chase end SERVICE --disclosure ID --level attested | retained-by-law | use-stopped --reason TEXT --user FILE [--basis B] [--checked TEXT] [--document ID]…
                             a person, signed in by the id token in FILE, attests a recall, or says why it is not chased any more, under the broker's seal
  client new-key --out DIR   a pair of keys: client.key.pem to keep, client.jwks.json to register
  client add --org ODS --kind K --scope S (--jwks FILE | --jwks-uri URL) [--user-audience A]
                             registers a system that calls, and prints its client_id
  client list | show | suspend | resume | rotate [--client ID] [--jwks FILE | --jwks-uri URL]
  token --client ID --key FILE [--scope S] [--url URL]
                             prints an access token; the key is PEM or JWK
  endpoint credential set | rotate ID [--address URL] [--token-url URL --client C --key FILE --kid K [--alg A] [--scope S] [--audience A] [--token-ca FILE]]
                             [--cert FILE --cert-key FILE] [--ca FILE]
                             by what the broker proves itself at an Endpoint: a key for tokens, a certificate, or both;  show | remove ID [--address URL]
  endpoint move ID --address URL [a credential, as above | --no-credential]
                             another address: what lies at the old one is recalled first, with the credential of there
  signing-key rotate         another key for access tokens; those that are out stay good
  hl7 sender add --org ODS --kind K (--certificate FILE | --fingerprint SHA256) [--application NAME]
                             registers who may send HL7 v2 over MLLP, by client certificate
  hl7 sender list | suspend | resume [--sender ID]
  mesh letter ID             what came into our MESH mailbox and could not be made sense of, as a Task named it; it may hold a person
  keys rewrap                wraps every data key by KEY_FILE, also those of KEY_FILE_OLD
  erase --patient ID --reason TEXT [--yes]
                             lawful erasure: destroys the key of a Patient's record for good; without --yes only tells what that would be
  inspect --key ID --reason TEXT
                             for an auditor: the bytes that were signed (ID of a CarePlan) or sent (ID of a delivery); it stands in the trail
  recipient check SERVICE [--endpoint ID] [--again]
                             a conformance conversation with the addresses of a HealthcareService, about a test person; goes on where it was cut short
  verify plan ID [--heads FILE]
                             whether an approved version (ID of its CarePlan) and the words that leave are what was approved, by whom, under the seal
  recipient pause SERVICE --reason TEXT [--all]
                             sends no update to a recipient (id of its HealthcareService) until it is resumed; with --all no recall either
  recipient resume SERVICE   ends that
  trail verify [--export FILE] [--heads FILE]
                             whether any row of the trail was changed, removed, inserted or cut off; by the second owner's heads where they are given
  trail export --out FILE    all that a check needs, to be checked on another machine
  trail prove --event ID     proof for one AuditEvent;  trail check-proof --proof FILE --heads FILE
                             checks it by the keys that the second owner was handed
These work beside a running broker and without one.`;
