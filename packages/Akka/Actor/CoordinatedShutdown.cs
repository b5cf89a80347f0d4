using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Actor;

/// <summary>Makes the coordinated shutdown of a system.</summary>
public sealed class CoordinatedShutdownExtension : ExtensionIdProvider<CoordinatedShutdown>
{
    public override CoordinatedShutdown CreateExtension(ExtendedActorSystem system) =>
        CoordinatedShutdown.Create(system, system.Settings.Config.GetConfig("akka.coordinated-shutdown"));
}

/// <summary>Runs the tasks that take a node down, phase by phase, once.</summary>
/// <remarks>
/// The phases are those of akka.coordinated-shutdown.phases in the order of their dependencies. Tasks of one phase run
/// together. A phase that fails or takes longer than its timeout is logged and passed over when it may recover, which is
/// the default; otherwise the shutdown ends there with the error.
/// </remarks>
public sealed partial class CoordinatedShutdown : IExtension
{
    public const string PhaseBeforeServiceUnbind = "before-service-unbind";
    public const string PhaseServiceUnbind = "service-unbind";
    public const string PhaseServiceRequestsDone = "service-requests-done";
    public const string PhaseServiceStop = "service-stop";
    public const string PhaseBeforeClusterShutdown = "before-cluster-shutdown";
    public const string PhaseClusterShardingShutdownRegion = "cluster-sharding-shutdown-region";
    public const string PhaseClusterLeave = "cluster-leave";
    public const string PhaseClusterExiting = "cluster-exiting";
    public const string PhaseClusterExitingDone = "cluster-exiting-done";
    public const string PhaseClusterShutdown = "cluster-shutdown";
    public const string PhaseBeforeActorSystemTerminate = "before-actor-system-terminate";
    public const string PhaseActorSystemTerminate = "actor-system-terminate";

    private readonly ImmutableDictionary<string, ShutdownPhase> _phases;
    private readonly ImmutableList<string> _ordered;
    private readonly ConcurrentDictionary<string, ImmutableList<(string Name, Func<Task<Done>> Task)>> _tasks = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource<Done> _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Config _config;
    private Reason _reason;
    private volatile bool _processIsExiting;

    private CoordinatedShutdown(ExtendedActorSystem system, Config config, ImmutableDictionary<string, ShutdownPhase> phases)
    {
        (System, _config, _phases) = (system, config, phases);
        _ordered = ShutdownPhase.Sort(phases);
    }

    public ExtendedActorSystem System { get; }

    /// <summary>Why the shutdown runs; null before it does.</summary>
    public Reason ShutdownReason => Volatile.Read(ref _reason);

    /// <summary>The longest time that all enabled phases take together.</summary>
    public TimeSpan TotalTimeout => _ordered.Select(p => _phases[p]).Where(p => p.Enabled).Aggregate(TimeSpan.Zero, (sum, p) => sum + p.Timeout);

    private ILoggingAdapter Log => field ??= Logging.GetLogger(System, this);

    public static CoordinatedShutdown Get(ActorSystem sys) => sys.WithExtension<CoordinatedShutdown, CoordinatedShutdownExtension>();

    /// <summary>Adds a task to a phase; a task may add tasks to later phases.</summary>
    /// <exception cref="ArgumentException">There is no such phase, or the name is empty.</exception>
    public void AddTask(string phase, string taskName, Func<Task<Done>> task)
    {
        CheckPhase(phase);
        ArgumentException.ThrowIfNullOrEmpty(taskName);
        ArgumentNullException.ThrowIfNull(task);
        _tasks.AddOrUpdate(phase, static (_, t) => [t], static (_, tasks, t) => tasks.Add(t), (taskName, task));
    }

    /// <summary>How long a phase may take.</summary>
    /// <exception cref="ArgumentException">There is no such phase.</exception>
    public TimeSpan Timeout(string phase)
    {
        CheckPhase(phase);
        return _phases[phase].Timeout;
    }

    /// <summary>Starts the shutdown, or follows the one that already runs: its reason and first phase stay.</summary>
    /// <returns>Completes once every phase is done, with an error when a phase that may not recover failed.</returns>
    /// <exception cref="ArgumentException">There is no such phase.</exception>
    public Task<Done> Run(Reason reason, string fromPhase = null)
    {
        ArgumentNullException.ThrowIfNull(reason);
        if (fromPhase is not null) CheckPhase(fromPhase);
        if (Interlocked.CompareExchange(ref _reason, reason, null) is null)
            _ = Task.Run(() => RunPhases(fromPhase is null ? 0 : _ordered.IndexOf(fromPhase)));
        return _finished.Task;
    }

    private async Task RunPhases(int first)
    {
        Log.Debug("Coordinated shutdown starts: {0}", _reason);
        try
        {
            foreach (var name in _ordered.Skip(first)) await RunPhase(name).ConfigureAwait(false);
            _finished.TrySetResult(Done.Instance);
        }
        catch (Exception e)
        {
            _finished.TrySetException(e);
        }
    }

    private async Task RunPhase(string name)
    {
        var phase = _phases[name];
        if (!_tasks.TryGetValue(name, out var tasks)) return;
        if (!phase.Enabled)
        {
            Log.Info("Phase [{0}] is disabled; its tasks are left out: {1}", name, string.Join(", ", tasks.Select(t => t.Name)));
            return;
        }

        Log.Debug("Phase [{0}]: {1}", name, string.Join(", ", tasks.Select(t => t.Name)));
        // On the pool: a task that blocks must not keep the others, or the timeout, from running.
        var running = tasks.Select(t => (t.Name, Task: Task.Run(() => RunTask(name, phase, t.Name, t.Task)))).ToList();
        try
        {
            await Task.WhenAll(running.Select(r => r.Task)).WaitAsync(phase.Timeout).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!running.TrueForAll(r => r.Task.IsCompleted))
        {
            var late = string.Join(", ", running.Where(r => !r.Task.IsCompleted).Select(r => r.Name));
            if (!phase.Recover) throw new TimeoutException($"Shutdown phase [{name}] timed out after {phase.Timeout}: {late}");
            Log.Warning("Shutdown phase [{0}] timed out after {1} with unfinished tasks: {2}", name, phase.Timeout, late);
        }
    }

    private async Task RunTask(string phaseName, ShutdownPhase phase, string name, Func<Task<Done>> task)
    {
        try
        {
            await (task() ?? throw new InvalidOperationException($"Shutdown task [{name}] gave no task to wait for")).ConfigureAwait(false);
        }
        catch (Exception e) when (phase.Recover)
        {
            Log.Warning("Shutdown task [{0}] of phase [{1}] failed: {2}", name, phaseName, e.Message);
        }
    }

    private void CheckPhase(string phase)
    {
        if (phase is null || !_phases.ContainsKey(phase))
            throw new ArgumentException($"Unknown shutdown phase [{phase}]; there are: {string.Join(", ", _ordered)}", nameof(phase));
    }
}
