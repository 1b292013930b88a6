/** One resource as a FHIR server keeps it. */
export interface Kept {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One write as HTTP asks for it. */
export interface Writing {
  readonly method: 'PUT' | 'POST';
  readonly type: string;
  /** Of an update by id. */
  readonly id: string | null;
  /** `system|value` of a conditional update, or of `If-None-Exist`. */
  readonly identifier: string | null;
  readonly ifMatch: string | null;
  /** A conditional update that finds nothing is refused. */
  readonly createsNothing: boolean;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Written {
  readonly status: number;
  readonly kept: Kept | null;
}

/** The store of a FHIR server, by the rules of R4's `http.html`: conditional create and update, versions, version-aware updates. */
export class FhirResources {
  readonly #kept = new Map<string, Kept>();
  #next = 1;

  all(type: string): readonly Kept[] {
    return [...this.#kept.values()].filter((each) => each.type === type);
  }

  /** All of a type that carry the identifier; all of them where none is asked for. */
  find(type: string, identifier: string | null): readonly Kept[] {
    return this.all(type).filter(({ body }) => identifier === null || identifiersOf(body).includes(identifier));
  }

  /** Behind everyone's back. */
  put(type: string, body: object, id = `s${this.#next++}`): Kept {
    const version = (this.#kept.get(`${type}/${id}`)?.version ?? 0) + 1;
    const meta = {
      ...('meta' in body && typeof body.meta === 'object' ? body.meta : {}),
      versionId: String(version),
      lastUpdated: new Date().toISOString(),
    };
    const kept: Kept = { type, id, version, body: { ...body, id, meta } };
    this.#kept.set(`${type}/${id}`, kept);
    return kept;
  }

  write({ method, type, id, identifier, ifMatch, createsNothing, body }: Writing): Written {
    if (id !== null)
      return body['id'] === id ? this.#over(type, this.#kept.get(`${type}/${id}`), ifMatch, body) : { status: 400, kept: null };
    if (identifier === null) return method === 'POST' ? { status: 201, kept: this.put(type, body) } : { status: 400, kept: null };
    const matches = this.find(type, identifier);
    if (matches.length > 1) return { status: 412, kept: null };
    const [match] = matches;
    if (method === 'POST') return match === undefined ? { status: 201, kept: this.put(type, body) } : { status: 200, kept: match };
    if (match === undefined && createsNothing) return { status: 404, kept: null };
    // R4: the body of a conditional update that names another id than the match is refused.
    if (body['id'] !== undefined && body['id'] !== match?.id) return { status: 400, kept: null };
    return this.#over(type, match, ifMatch, body);
  }

  #over(type: string, match: Kept | undefined, ifMatch: string | null, body: Readonly<Record<string, unknown>>): Written {
    if (ifMatch !== null && ifMatch !== `W/"${match?.version}"`) return { status: 412, kept: null };
    return match === undefined ? { status: 201, kept: this.put(type, body) } : { status: 200, kept: this.put(type, body, match.id) };
  }
}

const identifiersOf = (body: Readonly<Record<string, unknown>>): readonly string[] =>
  [body['identifier'], body['masterIdentifier']]
    .flat()
    .flatMap((each) =>
      typeof each === 'object' && each !== null && 'system' in each && 'value' in each ? [`${each.system}|${each.value}`] : [],
    );
