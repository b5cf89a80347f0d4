using Akka.Actor.Internal;
using Akka.Configuration;

namespace Akka.Actor;

public sealed partial class CoordinatedShutdown
{
    internal static CoordinatedShutdown Create(ExtendedActorSystem system, Config config)
    {
        var shutdown = new CoordinatedShutdown(system, config, ShutdownPhase.FromConfig(config));
        shutdown.AddTask(PhaseActorSystemTerminate, "terminate-system", shutdown.TerminateSystem);
        if (config.GetBoolean("run-by-clr-shutdown-hook")) shutdown.RunOnProcessExit();
        return shutdown;
    }

    // Settings of the reason win over those for all reasons.
    private Config Effective() =>
        ShutdownReason is { } reason && _config.GetConfig($"reason-overrides.\"{reason.GetType().FullName}\"") is { } overrides
            ? overrides.WithFallback(_config)
            : _config;

    private async Task<Done> TerminateSystem()
    {
        var config = Effective();
        var exit = config.GetBoolean("exit-clr") && !_processIsExiting;
        var exitCode = config.GetInt("exit-code");
        if (config.GetBoolean("terminate-actor-system"))
        {
            var terminated = ((ActorSystemImpl)System).FinalTerminate();
            if (exit)
            {
                // An actor that does not stop must not keep the process alive.
                await Task.WhenAny(terminated, Task.Delay(Timeout(PhaseActorSystemTerminate))).ConfigureAwait(false);
            }
            else await terminated.ConfigureAwait(false);
        }

        if (exit) _ = Task.Run(() => Environment.Exit(exitCode));
        return Done.Instance;
    }

    private void RunOnProcessExit()
    {
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        System.WhenTerminated.ContinueWith(
            _ => AppDomain.CurrentDomain.ProcessExit -= OnExit, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

        void OnExit(object sender, EventArgs e)
        {
            _processIsExiting = true;
            try
            {
                // Waits, since the process ends when this returns.
                Run(ClrExitReason.Instance).Wait(TotalTimeout);
            }
            catch (AggregateException failure)
            {
                Log.Log(Event.LogLevel.WarningLevel, failure, "Coordinated shutdown at the end of the process failed");
            }
        }
    }
}
