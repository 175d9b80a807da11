/** A refusal with a stable code, told alike by HTTP bodies, acks and socket `error` events. */
export class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }

  get body() {
    return { code: this.code, message: this.message };
  }
}

export function success(response, data, { status = 200, message } = {}) {
  response.status(status).json({ success: true, message, data });
}

/** The last two layers of an express application: the unknown route, and every error's envelope. */
export function endWith(app) {
  app.use((request, response, next) => next(new Refusal(404, "not_found", "Not found")));
  app.use((error, request, response, next) => {
    if (response.headersSent) return next(error);
    const refusal = error instanceof Refusal ? error : asRefusal(error);
    if (refusal.status >= 500) console.error(error);
    response
      .status(refusal.status)
      .json({ success: false, message: refusal.message, error: refusal.body });
  });
}

const BODY_ERRORS = {
  400: ["invalid_json", "The body is not valid JSON"],
  413: ["body_too_large", "The body is too large"],
  415: ["unsupported_media_type", "The content type is not supported"],
};

function asRefusal(error) {
  const [code, message] = BODY_ERRORS[error.status] ?? [];
  return code ? new Refusal(error.status, code, message) : new Refusal(500, "internal", "Something went wrong");
}
