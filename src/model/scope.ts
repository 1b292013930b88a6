/** What a scope permits on a type (SMART App Launch 2, Scopes): create, read, update, delete, search. */
export type Letter = 'c' | 'r' | 'u' | 'd' | 's';

/** A SMART v2 system scope: `system/CarePlan.rs`, `system/*.cruds`. */
export type Scope = `system/${string}.${string}`;

const SHAPE = /^system\/(\*|[A-Z][A-Za-z]{1,63})\.(c?r?u?d?s?)$/;

/** Whether a text is a scope; letters stand in the order of `cruds`, each once. */
export const isScope = (text: string): text is Scope => {
  const letters = SHAPE.exec(text)?.[2];
  return letters !== undefined && letters !== '';
};

/** The type that a scope speaks of; `*` is every type. */
export const typeOfScope = (scope: Scope): string => SHAPE.exec(scope)?.[1] ?? '';

/** Whether scopes permit one letter on a type; with null, any letter at all. */
export const scopesPermit = (scopes: readonly string[], type: string, letter: Letter | null): boolean =>
  scopes.some((scope) => {
    const [, named, letters] = SHAPE.exec(scope) ?? [];
    if (named === undefined || letters === undefined || (named !== '*' && named !== type)) return false;
    return letter === null ? letters !== '' : letters.includes(letter);
  });

const lettersOn = (scopes: readonly string[], type: string): string =>
  [...'cruds'].filter((letter) => scopesPermit(scopes, type, letter as Letter)).join('');

/** What two sets of scopes both permit: letter by letter, so that `system/CarePlan.rs` of `system/*.cruds` is itself. */
export const commonScopes = (some: readonly string[], others: readonly string[]): readonly Scope[] => {
  const types = new Set([...some, ...others].filter(isScope).map(typeOfScope));
  return [...types].flatMap((type): Scope[] => {
    const letters = [...lettersOn(some, type)].filter((letter) => lettersOn(others, type).includes(letter)).join('');
    return letters === '' ? [] : [`system/${type}.${letters}`];
  });
};

/** Whether a scope permits nothing that others do not. */
export const isWithin = (scope: Scope, others: readonly string[]): boolean => {
  const type = typeOfScope(scope);
  return [...lettersOn([scope], type)].every((letter) => lettersOn(others, type).includes(letter));
};
