using System.Collections.Concurrent;
using System.Text.Json;
using Orchestrator.Actors.Registry;
using Orchestrator.Node.Endpoint;

namespace Orchestrator.Host.ApiServer.ResourceMetrics;

/// <summary>Asks nodes what they and their containers use, when somebody wants to know; nobody is asked otherwise.</summary>
/// <remarks>A rate takes two samples. The one that a question left behind serves the next one; the first question of a while takes two, a moment apart.</remarks>
public sealed class NodeSamples(ResourceStore store, HttpMessageInvoker nodes, TimeProvider clock)
{
    /// <summary>Shorter windows say little: processor time is counted in hundredths of a second.</summary>
    private static readonly TimeSpan WindowMin = TimeSpan.FromSeconds(1);

    /// <summary>What was used longer ago says nothing of now.</summary>
    private static readonly TimeSpan WindowMax = TimeSpan.FromMinutes(1);

    /// <summary>How long an answer is given again. Source: metrics-server asks every 15 seconds.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Most bytes of a node's answer: about 100,000 containers.</summary>
    private const int AnswerMax = 32 * 1024 * 1024;

    /// <summary>Most nodes that are asked at a time (count).</summary>
    private const int AskedMax = 32;

    private static readonly SemaphoreSlim Asking = new(AskedMax);

    private readonly ConcurrentDictionary<string, Node> _nodes = new(StringComparer.Ordinal);

    private sealed class Node
    {
        public SemaphoreSlim Gate { get; } = new(1, 1);
        public UsageSample? Last { get; set; }
        public NodeUsage? Usage { get; set; }
    }

    /// <summary>What these nodes use; one that cannot be asked is left out, as by a metrics server.</summary>
    public async Task<Dictionary<string, NodeUsage>> OfAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        var measured = await Task.WhenAll(names.Select(async name => (Name: name, Usage: await OfAsync(name, cancellationToken).ConfigureAwait(false)))).ConfigureAwait(false);
        return measured.Where(static m => m.Usage is not null).ToDictionary(static m => m.Name, static m => m.Usage!, StringComparer.Ordinal);
    }

    /// <summary>Forgets the nodes that are no more.</summary>
    public void Keep(IReadOnlySet<string> names)
    {
        foreach (var name in _nodes.Keys)
            if (!names.Contains(name)) _nodes.TryRemove(name, out _);
    }

    private async Task<NodeUsage?> OfAsync(string name, CancellationToken cancellationToken)
    {
        var node = _nodes.GetOrAdd(name, static _ => new Node());
        await node.Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var now = clock.GetUtcNow();
            if (node.Usage is { } known && now - known.Time < Fresh) return known;
            var older = node.Last is { } last && now - last.Time <= WindowMax ? last : await AskAsync(name, cancellationToken).ConfigureAwait(false);
            if (older is null) return null;
            var early = WindowMin - (clock.GetUtcNow() - older.Time);
            if (early > TimeSpan.Zero) await Task.Delay(early, clock, cancellationToken).ConfigureAwait(false);
            if (await AskAsync(name, cancellationToken).ConfigureAwait(false) is not { } newer) return null;
            node.Last = newer;
            return node.Usage = UsageSample.Between(older, newer);
        }
        finally
        {
            node.Gate.Release();
        }
    }

    private async Task<UsageSample?> AskAsync(string name, CancellationToken cancellationToken)
    {
        var (host, _) = await NodeTarget.EndpointAsync(store, name, cancellationToken).ConfigureAwait(false);
        if (host is null) return null;
        await Asking.WaitAsync(cancellationToken).ConfigureAwait(false);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Get, new Uri($"https://{host}/stats/summary"));
            message.Headers.Add(ServedNodes.Header, name);
            using var response = await nodes.SendAsync(message, patience.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode) return null;
            await response.Content.LoadIntoBufferAsync(AnswerMax, patience.Token).ConfigureAwait(false);
            return UsageSample.Parse(await response.Content.ReadAsByteArrayAsync(patience.Token).ConfigureAwait(false), clock.GetUtcNow());
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is HttpRequestException or IOException or OperationCanceledException or JsonException)
        {
            return null;
        }
        finally
        {
            Asking.Release();
        }
    }
}
