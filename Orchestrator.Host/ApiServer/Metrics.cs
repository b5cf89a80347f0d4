using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Orchestrator.Host.ApiServer;

/// <summary>Counts requests under the names that Kubernetes' metrics have.</summary>
public sealed class Metrics
{
    private readonly ConcurrentDictionary<(string Verb, string Group, string Version, string Resource, string Subresource, int Code), Counter> _requests = new();
    private long _inFlight;

    public void Begin() => Interlocked.Increment(ref _inFlight);

    public void End(RequestInfo? request, int code)
    {
        Interlocked.Decrement(ref _inFlight);
        var key = request is { IsResource: true }
            ? (request.Verb, request.Group, request.Version, request.Resource, request.Subresource, code)
            : (request?.Verb ?? "", "", "", "", "", code);
        Interlocked.Increment(ref _requests.GetOrAdd(key, static _ => new Counter()).Value);
    }

    /// <summary>The text form of Prometheus.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        text.Append("# HELP apiserver_request_total Counter of apiserver requests broken out for each verb, group, version, resource and HTTP response code.\n");
        text.Append("# TYPE apiserver_request_total counter\n");
        foreach (var (key, counter) in _requests)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"apiserver_request_total{{verb=\"{key.Verb.ToUpperInvariant()}\",group=\"{key.Group}\",version=\"{key.Version}\",resource=\"{key.Resource}\",subresource=\"{key.Subresource}\",code=\"{key.Code}\"}} {Volatile.Read(ref counter.Value)}\n");
        }
        text.Append("# HELP apiserver_current_inflight_requests Number of requests being served, watches included.\n");
        text.Append("# TYPE apiserver_current_inflight_requests gauge\n");
        text.Append(CultureInfo.InvariantCulture, $"apiserver_current_inflight_requests {Volatile.Read(ref _inFlight)}\n");
        return text.ToString();
    }

    private sealed class Counter
    {
        public long Value;
    }
}
