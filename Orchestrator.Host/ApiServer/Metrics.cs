using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Orchestrator.Host.ApiServer.Audit;
using Orchestrator.Host.ApiServer.FlowControl;

namespace Orchestrator.Host.ApiServer;

/// <summary>Counts requests under the names that Kubernetes' metrics have.</summary>
/// <remarks>Source: k8s.io/apiserver, endpoints/metrics and util/flowcontrol/metrics. What a client made up is no label: the number of
/// series stays that of the kinds that are served.</remarks>
public sealed class Metrics(FlowController flows, AuditLog? audit)
{
    /// <summary>Upper bounds of the buckets of durations (seconds).</summary>
    private static readonly double[] Buckets = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

    private readonly ConcurrentDictionary<RequestShape, Series> _requests = new();
    private long _reading;
    private long _writing;
    private long _longRunning;

    /// <summary>Notes that a request began; returns when, for <see cref="End"/>.</summary>
    public long Begin(string method)
    {
        Interlocked.Increment(ref method is "GET" or "HEAD" ? ref _reading : ref _writing);
        return Stopwatch.GetTimestamp();
    }

    /// <summary>Notes that a request goes on for as long as its client likes: its time says nothing about the server.</summary>
    public void BecomesLongRunning() => Interlocked.Increment(ref _longRunning);

    /// <param name="request">Null, or without a resource, for paths that are none.</param>
    /// <param name="code">The status of the answer.</param>
    /// <param name="begun">From <see cref="Begin"/>.</param>
    public void End(string method, RequestInfo? request, int code, long begun, bool longRunning)
    {
        Interlocked.Decrement(ref method is "GET" or "HEAD" ? ref _reading : ref _writing);
        if (longRunning) Interlocked.Decrement(ref _longRunning);
        var shape = request is { IsResource: true }
            ? new RequestShape(request.Verb, request.Group, request.Version, request.Resource, request.Subresource, ScopeOf(request), code)
            : new RequestShape(VerbOf(method), "", "", "", "", "", code);
        _requests.GetOrAdd(shape, static _ => new Series(Buckets.Length)).Add(longRunning ? null : Stopwatch.GetElapsedTime(begun).TotalSeconds);
    }

    /// <summary>The text form of Prometheus.</summary>
    public string ToText()
    {
        var text = new StringBuilder(64 * 1024);
        WriteRequests(text);
        WriteDurations(text);
        Gauge(text, "apiserver_current_inflight_requests", "Maximal number of currently used inflight request limit of this apiserver per request kind in last second.");
        Line(text, "apiserver_current_inflight_requests{request_kind=\"readOnly\"}", Interlocked.Read(ref _reading));
        Line(text, "apiserver_current_inflight_requests{request_kind=\"mutating\"}", Interlocked.Read(ref _writing));
        Gauge(text, "apiserver_longrunning_requests", "Gauge of all active long-running apiserver requests.");
        Line(text, "apiserver_longrunning_requests", Interlocked.Read(ref _longRunning));
        WriteFlows(text);
        if (audit is not null)
        {
            Counter(text, "apiserver_audit_event_total", "Counter of audit events generated and sent to the audit backend.");
            Line(text, "apiserver_audit_event_total", audit.Count);
        }
        WriteProcess(text);
        return text.ToString();
    }

    private void WriteRequests(StringBuilder text)
    {
        Counter(text, "apiserver_request_total", "Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.");
        foreach (var (shape, series) in _requests)
            Line(text, $"apiserver_request_total{{code=\"{shape.Code}\",{LabelsOf(shape)}}}", series.Count);
    }

    private void WriteDurations(StringBuilder text)
    {
        text.Append("# HELP apiserver_request_duration_seconds Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.\n");
        text.Append("# TYPE apiserver_request_duration_seconds histogram\n");
        foreach (var group in _requests.GroupBy(static r => r.Key with { Code = 0 }))
        {
            var labels = LabelsOf(group.Key);
            var timed = group.Select(static g => g.Value).ToList();
            long below = 0;
            for (var i = 0; i <= Buckets.Length; i++)
            {
                below += timed.Sum(s => s.Bucket(i));
                var bound = i < Buckets.Length ? Buckets[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
                Line(text, $"apiserver_request_duration_seconds_bucket{{{labels},le=\"{bound}\"}}", below);
            }
            text.Append(CultureInfo.InvariantCulture, $"apiserver_request_duration_seconds_sum{{{labels}}} {timed.Sum(static s => s.Seconds):0.######}\n");
            Line(text, $"apiserver_request_duration_seconds_count{{{labels}}}", below);
        }
    }

    private void WriteFlows(StringBuilder text)
    {
        Gauge(text, "apiserver_flowcontrol_current_executing_seats", "Concurrency (number of seats) occupied by the currently executing requests in the API Priority and Fairness subsystem");
        foreach (var level in flows.Levels) Line(text, $"apiserver_flowcontrol_current_executing_seats{{priority_level=\"{level.Limits.Name}\"}}", level.Executing);
        Gauge(text, "apiserver_flowcontrol_current_inqueue_requests", "Number of requests currently pending in queues of the API Priority and Fairness subsystem");
        foreach (var level in flows.Levels) Line(text, $"apiserver_flowcontrol_current_inqueue_requests{{priority_level=\"{level.Limits.Name}\"}}", level.Waiting);
        Gauge(text, "apiserver_flowcontrol_nominal_limit_seats", "Nominal number of execution seats configured for each priority level");
        foreach (var level in flows.Levels.Where(static l => !l.Limits.Exempt)) Line(text, $"apiserver_flowcontrol_nominal_limit_seats{{priority_level=\"{level.Limits.Name}\"}}", level.Seats);
        Counter(text, "apiserver_flowcontrol_dispatched_requests_total", "Number of requests executed by API Priority and Fairness subsystem");
        foreach (var level in flows.Levels) Line(text, $"apiserver_flowcontrol_dispatched_requests_total{{priority_level=\"{level.Limits.Name}\"}}", level.Dispatched);
        Counter(text, "apiserver_flowcontrol_rejected_requests_total", "Number of requests rejected by API Priority and Fairness subsystem");
        foreach (var level in flows.Levels) Line(text, $"apiserver_flowcontrol_rejected_requests_total{{priority_level=\"{level.Limits.Name}\"}}", level.Rejected);
    }

    private static void WriteProcess(StringBuilder text)
    {
        using var process = Process.GetCurrentProcess();
        Gauge(text, "process_resident_memory_bytes", "Resident memory size in bytes.");
        Line(text, "process_resident_memory_bytes", process.WorkingSet64);
        Counter(text, "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.");
        text.Append(CultureInfo.InvariantCulture, $"process_cpu_seconds_total {process.TotalProcessorTime.TotalSeconds:0.##}\n");
        Gauge(text, "process_start_time_seconds", "Start time of the process since unix epoch in seconds.");
        text.Append(CultureInfo.InvariantCulture, $"process_start_time_seconds {(process.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds:0.##}\n");
    }

    private static string LabelsOf(RequestShape s) =>
        $"component=\"apiserver\",dry_run=\"\",group=\"{s.Group}\",resource=\"{s.Resource}\",scope=\"{s.Scope}\",subresource=\"{s.Subresource}\",verb=\"{s.Verb.ToUpperInvariant()}\",version=\"{s.Version}\"";

    private static string ScopeOf(RequestInfo request) => request.Name.Length > 0 ? "resource" : request.Namespace.Length > 0 ? "namespace" : "cluster";

    private static string VerbOf(string method) => method is "GET" or "HEAD" or "POST" or "PUT" or "PATCH" or "DELETE" or "OPTIONS" ? method : "other";

    private static void Counter(StringBuilder text, string name, string help) => text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} counter\n");

    private static void Gauge(StringBuilder text, string name, string help) => text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} gauge\n");

    private static void Line(StringBuilder text, string name, long value) => text.Append(name).Append(' ').Append(value).Append('\n');

    private readonly record struct RequestShape(string Verb, string Group, string Version, string Resource, string Subresource, string Scope, int Code);

    /// <summary>How many, and how long they took. A request that goes on for as long as its client likes is counted only.</summary>
    private sealed class Series(int buckets)
    {
        private readonly long[] _buckets = new long[buckets + 1];
        private long _count;
        private long _micros;

        public long Count => Interlocked.Read(ref _count);
        public double Seconds => Interlocked.Read(ref _micros) / 1e6;

        public long Bucket(int index) => Interlocked.Read(ref _buckets[index]);

        public void Add(double? seconds)
        {
            Interlocked.Increment(ref _count);
            if (seconds is not { } time) return;
            var bucket = 0;
            while (bucket < Buckets.Length && time > Buckets[bucket]) bucket++;
            Interlocked.Increment(ref _buckets[bucket]);
            Interlocked.Add(ref _micros, (long)(time * 1e6));
        }
    }
}
