using System.Collections.Concurrent;
using System.Collections.Immutable;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Orchestrator.Node.Runtime.Docker;

public sealed partial class DockerContainerRuntime
{
    /// <summary>Containers that are asked about at the same time (count): each costs the engine a look into several files.</summary>
    private const int AskedAtOnceMax = 8;

    public async Task<ImmutableArray<ContainerUsage>> MeasureAsync(string nodeName, CancellationToken cancellationToken)
    {
        var listed = await ListAsync(nodeName, DockerLabels.Container, null, cancellationToken).ConfigureAwait(false);
        var usages = new ConcurrentBag<ContainerUsage>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = AskedAtOnceMax, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(listed.Where(static c => c.State is "running" or "paused"), options, async (container, token) =>
        {
            if (await SampleAsync(container.ID, token).ConfigureAwait(false) is { } sample && Usage(container.ID, sample) is { } usage) usages.Add(usage);
        }).ConfigureAwait(false);
        return [.. usages];
    }

    /// <summary>The container's figures as they are now, or null when the engine has none.</summary>
    private async Task<ContainerStatsResponse?> SampleAsync(string id, CancellationToken cancellationToken)
    {
        ContainerStatsResponse? sample = null;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(client.DefaultTimeout);
        try
        {
            // One shot: else the engine takes a second sample, a second later, from which we would read nothing.
            var parameters = new ContainerStatsParameters { Stream = false, OneShot = true };
            await client.Containers.GetContainerStatsAsync(id, parameters, new Reported<ContainerStatsResponse>(s => sample = s), timeout.Token).ConfigureAwait(false);
        }
        catch (DockerApiException)
        {
            return null; // it has ended, or its control group cannot be read
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        return sample;
    }

    /// <summary>Null for a container that did not run any more: the engine answers zeros then.</summary>
    /// <remarks>Cached files that nobody has touched for a while can be taken back at once. Source: kubelet (cadvisor), working set = usage - inactive_file.</remarks>
    internal static ContainerUsage? Usage(string id, ContainerStatsResponse sample)
    {
        if (sample.CPUStats?.CPUUsage is not { TotalUsage: > 0 } cpu || sample.MemoryStats is not { } memory) return null;
        // Control groups of version 1 tell of the group alone and, as total_*, of all below it, to which their usage refers.
        ulong inactive = 0;
        if (memory.Stats is { } stats && !stats.TryGetValue("total_inactive_file", out inactive)) stats.TryGetValue("inactive_file", out inactive);
        return new ContainerUsage(id, cpu.TotalUsage / 1e9, (long)(memory.Usage - Math.Min(inactive, memory.Usage)), (long)memory.Usage);
    }
}
