//! A server process from its first line to its exit status.

use std::{error::Error, future::Future, process::ExitCode, thread::available_parallelism, time::Duration};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{
    Env, Lifecycle, memory,
    metrics::{MetricsConfig, Reading},
    telemetry::LogConfig,
    traces::TracesConfig,
};

/// The exit status for variables that can't be used.
const BAD_VARIABLES: u8 = 2;

/// How long after the word to stop a server has to stop accepting; one that starts is given up then.
const GIVE_UP: Duration = Duration::from_secs(3);

/// What goes wrong in a start is told and ends the process.
pub type StartError = Box<dyn Error + Send + Sync>;

/// More threads than this are a slip of the pen.
const WORKER_THREADS_MAX: usize = 1_024;

/// What every server process reads for itself.
#[derive(Debug)]
pub struct Settings {
    logs: LogConfig,
    metrics: MetricsConfig,
    traces: TracesConfig,
    /// Threads that run tasks.
    workers: usize,
}

impl Settings {
    /// Reads them. Without `WORKER_THREADS` there are as many as cores: on two cores that is fastest when there is
    /// much to do, and costs a little more when there is not (`docs/performance.md`).
    pub fn read(env: &mut Env) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        let usual = cores.min(WORKER_THREADS_MAX);
        let workers = env.number("WORKER_THREADS", usual, 1, WORKER_THREADS_MAX);
        Self {
            logs: LogConfig::read(env),
            metrics: MetricsConfig::read(env),
            traces: TracesConfig::read(env),
            workers,
        }
    }
}

/// Runs a server: reads its variables, starts logs, serves until SIGTERM or SIGINT, and ends in order.
///
/// Exit status 0 after an orderly end, 1 when it can't start, 2 when variables are bad or missing.
pub fn run<C, F>(read: impl FnOnce(&mut Env) -> C, serve: impl FnOnce(C, Lifecycle) -> F) -> ExitCode
where
    C: Send + 'static,
    F: Future<Output = Result<(), StartError>> + Send + 'static,
{
    let mut env = Env::process();
    let settings = Settings::read(&mut env);
    let config = read(&mut env);
    if let Err(problems) = env.finish() {
        eprint!("{problems}");
        return ExitCode::from(BAD_VARIABLES);
    }
    memory::keep_together(settings.workers);
    settings.logs.start();
    raise_open_files();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(settings.workers)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "the process can't start its threads");
            return ExitCode::FAILURE;
        }
    };
    let traces = match settings.traces.start(env!("CARGO_PKG_VERSION")) {
        Ok(traces) => traces,
        Err(error) => {
            tracing::error!(%error, "traces can't be sent; is OTEL_EXPORTER_OTLP_ENDPOINT right?");
            return ExitCode::FAILURE;
        }
    };
    // On a worker, not on this thread: what it accepts would wake another thread each time.
    let life = Lifecycle::new();
    let metrics = settings.metrics;
    let serving = serve(config, life.clone());
    let all = async move {
        let reading = metrics.start(env!("CARGO_PKG_VERSION"));
        until_ended(serving, reading, life).await
    };
    let served = runtime.block_on(runtime.spawn(all));
    let status = served.unwrap_or(ExitCode::FAILURE); // it panicked, and said so
    if let Some(traces) = traces {
        traces.end();
    }
    // What still blocks a thread (a password's hash, a file) is not waited for.
    runtime.shutdown_background();
    status
}

/// Does one thing and ends: an operator's command. `done` says whether it went well; what went wrong otherwise is told in words.
///
/// Exit status 0 when it went well, 1 when it did not, 2 when variables are bad or missing.
pub fn once<C, F>(read: impl FnOnce(&mut Env) -> C, command: impl FnOnce(C, Lifecycle) -> F) -> ExitCode
where
    F: Future<Output = Result<(), StartError>>,
{
    let mut env = Env::process();
    let logs = LogConfig::of_command(&mut env);
    let config = read(&mut env);
    if let Err(problems) = env.finish() {
        eprint!("{problems}");
        return ExitCode::from(BAD_VARIABLES);
    }
    logs.start();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("the process can't start its runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(command(config, Lifecycle::new()));
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn until_ended(
    serve: impl Future<Output = Result<(), StartError>>,
    reading: Result<Option<Reading>, StartError>,
    life: Lifecycle,
) -> ExitCode {
    if let Err(error) = life.stop_at_signal() {
        tracing::error!(%error, "the process can't listen for signals");
        return ExitCode::FAILURE;
    }
    let serve = async {
        if let Some(reading) = reading? {
            reading.serve(&life);
        }
        serve.await
    };
    match unless_stopped(serve, &life).await {
        Ok(()) => {
            life.ended().await;
            tracing::info!("stopped");
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!(error = %error, "can't start");
            ExitCode::FAILURE
        }
    }
}

/// Serves until it has ended by itself, or could not start, or is told to stop while it still starts: then
/// nothing is lost by giving up.
async fn unless_stopped(
    serve: impl Future<Output = Result<(), StartError>>,
    life: &Lifecycle,
) -> Result<(), StartError> {
    let given_up = async {
        life.stopping().await;
        tokio::time::sleep(GIVE_UP).await;
    };
    tokio::select! {
        served = serve => served,
        () = given_up => Ok(()),
    }
}

/// Raises the soft limit of open files to the hard one.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })
    {
        tracing::warn!(%error, "the limit of open files can't be raised");
    }
}
