/**
 * Who is answered what on the routes of no type. `a/b`: the organisation that calls is named in what is sent, or another is. A stranger, whose
 * token is none or none that is good, is answered as the last column says.
 */
export const OTHERS = `
                                               publisher epr     ed      ambulance police  crisis-line evaluator operator person stranger
POST /fhir                                     200       200     200     200       200     200         200       200      200    401
POST /fhir/$process-message                    403       200/403 200/403 200/403   200/403 200/403     403       403      403    401
GET /health/live                               200       200     200     200       200     200         200       200      200    200
GET /health/ready                              200       200     200     200       200     200         200       200      200    200
GET /metrics                                   200       200     200     200       200     200         200       200      200    200
GET /fhir/metadata                             200       200     200     200       200     200         200       200      200    200
GET /fhir/StructureDefinition                  200       200     200     200       200     200         200       200      200    200
GET /fhir/StructureDefinition/crisis-plan      200       200     200     200       200     200         200       200      200    200
GET /.well-known/smart-configuration           200       200     200     200       200     200         200       200      200    200
GET /.well-known/oauth-authorization-server    200       200     200     200       200     200         200       200      200    200
GET /fhir/.well-known/smart-configuration      200       200     200     200       200     200         200       200      200    200
GET /oauth/jwks                                200       200     200     200       200     200         200       200      200    200
GET /oauth/token                               405       405     405     405       405     405         405       405      405    405
POST /oauth/token                              400       400     400     400       400     400         400       400      400    400
POST /oauth/introspect                         200       200     200     200       200     200         200       200      200    401
GET /oauth/introspect                          405       405     405     405       405     405         405       405      405    405
POST /oauth/revoke                             200       200     200     200       200     200         200       200      200    401
GET /oauth/revoke                              405       405     405     405       405     405         405       405      405    405
GET /fhir                                      405       405     405     405       405     405         405       405      405    401
GET /fhir/Observation/1                        404       404     404     404       404     404         404       404      404    401
POST /fhir/Observation                         404       404     404     404       404     404         404       404      404    401
GET /fhir/Patient/amber/$meta                  404       404     404     404       404     404         404       404      404    401
GET /fhir/websocket                            404       404     404     404       404     404         404       404      404    401
GET /fhir/$export                              404       404     404     404       404     404         404       404      404    401
POST /fhir/StructureDefinition                 405       405     405     405       405     405         405       405      405    401
GET /                                          404       404     404     404       404     404         404       404      404    401
GET /oauth/authorize                           404       404     404     404       404     404         404       404      404    401
POST /oauth/register                           404       404     404     404       404     404         404       404      404    401
GET /.well-known/openid-configuration          404       404     404     404       404     404         404       404      404    401
`;
