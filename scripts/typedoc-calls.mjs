// A plugin of TypeDoc: shows the operations as users call them on an engine.
//
// Inside, an operation takes the runtime first, and may be a generator of steps; on an engine it takes the
// options of every call too, and returns a promise.

import { Converter, ReferenceType } from "typedoc";

/** The modules whose functions are calls: operations.ts of these folders of bindings/. */
const ROOMS = ["linalg", "hinf", "kernels", "networks", "regression", "weights"];

/** What a generator of steps gives in the end. */
const resultOf = (type) => (type?.type === "reference" && type.name === "Steps" ? type.typeArguments[0] : type);

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    const engine = project.getChildByName(["eigenscope", "Engine"]);
    delete engine.extendedTypes;
    for (const name of ROOMS) {
      const room = project.getChildByName([name]);
      for (const signature of callsOf(room)) asCall(signature, project);
      // the engine's rooms are those modules, not the types that make them
      const property = engine.getChildByName(name);
      property.type = ReferenceType.createResolvedReference(name, room, project);
      delete property.inheritedFrom;
    }
  });
}

/** All call signatures at any depth. */
function* callsOf(reflection) {
  for (const child of reflection.children ?? []) {
    yield* child.signatures ?? [];
    yield* callsOf(child);
  }
}

function asCall(signature, project) {
  if (signature.parameters?.[0]?.name === "rt") project.removeReflection(signature.parameters[0]);
  const promise = ReferenceType.createBrokenReference("Promise", project, "typescript");
  promise.typeArguments = [resultOf(signature.type)];
  signature.type = promise;
}
