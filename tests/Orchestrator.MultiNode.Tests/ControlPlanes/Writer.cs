using System.Collections.Concurrent;
using System.Diagnostics;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.MultiNode.Tests.ControlPlanes;

/// <summary>A write that was acknowledged.</summary>
/// <param name="At">Timestamp of the stopwatch.</param>
public sealed record Acknowledgement(string Name, long Revision, long At);

/// <summary>Creates one object after the other, each until it is there, as a client with a short timeout does.</summary>
public sealed class Writer(RegistryClient registries, ResourceType type, string prefix)
{
    // Also the time after which the client repeats a message, so that both may happen at once.
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);

    private readonly ConcurrentQueue<Acknowledgement> _acknowledged = new();
    private long _attempts;

    public IReadOnlyCollection<Acknowledgement> Acknowledged => _acknowledged;

    /// <summary>Writes that have been answered or given up, also those that are repeated (count).</summary>
    public long Attempts => Interlocked.Read(ref _attempts);

    /// <summary>Longest time between two acknowledgements.</summary>
    public TimeSpan LongestPause
    {
        get
        {
            var times = _acknowledged.Select(a => a.At).ToArray();
            return times.Zip(times.Skip(1), Stopwatch.GetElapsedTime).Max();
        }
    }

    /// <summary>Writes until told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        for (var n = 0; !stop.IsCancellationRequested; n++)
        {
            var name = $"{prefix}-{n}";
            await WriteAsync(name, stop).ConfigureAwait(false);
        }
    }

    private async Task WriteAsync(string name, CancellationToken stop)
    {
        for (var repeated = false; !stop.IsCancellationRequested; repeated = true)
        {
            await Task.Delay(Pace, CancellationToken.None).ConfigureAwait(false);
            using var timeout = new CancellationTokenSource(AttemptTimeout);
            try
            {
                var result = await registries.WriteAsync(type, Objects.ConfigMap(name), timeout.Token).ConfigureAwait(false);
                if (result.Object is { } written)
                {
                    _acknowledged.Enqueue(new Acknowledgement(name, written.Revision, Stopwatch.GetTimestamp()));
                    return;
                }

                // An earlier attempt was committed, and its answer lost.
                if (result.Error!.Reason == "AlreadyExists" && repeated) return;
                Assert.NotEqual("AlreadyExists", result.Error.Reason);
            }
            catch (OperationCanceledException)
            {
                // Nobody answered in time; the same name is tried again, so that nothing is written twice.
            }
            finally
            {
                Interlocked.Increment(ref _attempts);
            }
        }
    }
}
