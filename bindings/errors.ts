// The error tree. Every error the package throws on purpose has a stable `code` and a message of one
// line: function, what, what was received, what was expected.

export class EigenscopeError extends Error {
  constructor(
    message: string,
    /** Stable, e.g. "ERR_SHAPE": test this, not the message. */
    readonly code: string,
    /** Written out: minifiers rename classes. */
    name = "EigenscopeError",
  ) {
    super(message);
    this.name = name;
  }
}

/** Shapes that do not fit: `matmul: A is 3×4, B is 5×2 (need A.cols = B.rows)`. */
export class ShapeError extends EigenscopeError {
  constructor(message: string) { super(message, "ERR_SHAPE", "ShapeError"); }
}

/** NaN or an infinity in an input; the message names row and column. */
export class NotFiniteError extends EigenscopeError {
  constructor(message: string) { super(message, "ERR_NOT_FINITE", "NotFiniteError"); }
}

/** A matrix that had to be symmetric; the message names the worst pair. */
export class NotSymmetricError extends EigenscopeError {
  constructor(message: string) { super(message, "ERR_NOT_SYMMETRIC", "NotSymmetricError"); }
}

/** Cholesky met a pivot that is not positive; the message names it. */
export class NotPositiveDefiniteError extends EigenscopeError {
  constructor(message: string) { super(message, "ERR_NOT_POSITIVE_DEFINITE", "NotPositiveDefiniteError"); }
}

/** A matrix that is singular, or so near to it that no digit of a solution is known; the message says how near. */
export class SingularError extends EigenscopeError {
  constructor(message: string) { super(message, "ERR_SINGULAR", "SingularError"); }
}

/** A dense factorization reached its iteration cap. */
export class ConvergenceError extends EigenscopeError {
  constructor(message: string) { super(message, "ERR_NO_CONVERGENCE", "ConvergenceError"); }
}

/** More memory than WebAssembly can give; the message says how much was asked and the limit. */
export class OutOfMemoryError extends EigenscopeError {
  constructor(message: string) { super(message, "ERR_MEMORY", "OutOfMemoryError"); }
}

/** Something the platform lacks or forbids; the message says what to do. */
export class CapabilityError extends EigenscopeError {
  constructor(message: string) { super(message, "ERR_CAPABILITY", "CapabilityError"); }
}

/** A file whose content is not what its format says; the message names the place. */
export class FormatError extends EigenscopeError {
  constructor(message: string) { super(message, "ERR_FORMAT", "FormatError"); }
}

/** An option outside its range or of the wrong kind. */
export class OptionError extends EigenscopeError {
  constructor(message: string) { super(message, "ERR_OPTION", "OptionError"); }
}

/** A file that cannot be read or written. */
export class FileError extends EigenscopeError {
  constructor(message: string) { super(message, "ERR_FILE", "FileError"); }
}

/** A call on an engine or core after close(). */
export class ClosedError extends EigenscopeError {
  constructor(message: string) { super(message, "ERR_CLOSED", "ClosedError"); }
}
