using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Schemas;
using Orchestrator.Host.ApiServer.Audit;
using Orchestrator.Host.ApiServer.FlowControl;

namespace Orchestrator.Host.ApiServer;

/// <summary>Counts requests under the names that Kubernetes' metrics have.</summary>
/// <remarks>Source: k8s.io/apiserver, endpoints/metrics and util/flowcontrol/metrics. What a client made up is no label: the number of
/// series stays that of the kinds that are served.</remarks>
/// <param name="more">Write the series of other parts of the server.</param>
public sealed class Metrics(FlowController flows, AuditLog? audit, IRegistries registries, ImmutableArray<Action<StringBuilder>> more)
{
    /// <summary>Upper bounds of the buckets of durations (seconds).</summary>
    private static readonly double[] Durations = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

    /// <summary>Upper bounds of the buckets of sizes (bytes).</summary>
    private static readonly double[] Sizes = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

    private readonly ConcurrentDictionary<RequestShape, Series> _requests = new();
    private readonly ConcurrentDictionary<RequestShape, StrongBox<long>> _longRunning = new();
    private readonly ConcurrentDictionary<(string Group, string Version, string Resource), StrongBox<long>> _watchEvents = new();
    private long _reading;
    private long _writing;

    /// <summary>What came of telling who sends requests, and of deciding whether he may.</summary>
    public AccessAttempts Access { get; } = new();

    /// <summary>Notes that a request began; returns when, for <see cref="End"/>.</summary>
    public long Begin(string method)
    {
        Interlocked.Increment(ref method is "GET" or "HEAD" ? ref _reading : ref _writing);
        return Stopwatch.GetTimestamp();
    }

    /// <summary>Notes that a request goes on for as long as its client likes: its time says nothing about the server.</summary>
    /// <param name="known">The path is one that is served, so that its parts may be labels.</param>
    /// <returns>For <see cref="End"/>.</returns>
    public StrongBox<long> BecomesLongRunning(HttpContext context, RequestInfo request, bool known)
    {
        var running = _longRunning.GetOrAdd(known ? ShapeOf(context, request, 0) : Nameless(context, 0), static _ => new StrongBox<long>());
        Interlocked.Increment(ref running.Value);
        return running;
    }

    /// <param name="request">Null, or without a resource, for paths that are none.</param>
    /// <param name="known">The path is one that is served, so that its parts may be labels.</param>
    /// <param name="begun">From <see cref="Begin"/>.</param>
    /// <param name="running">From <see cref="BecomesLongRunning"/>, if it was called.</param>
    public void End(HttpContext context, RequestInfo? request, bool known, long begun, StrongBox<long>? running)
    {
        var (method, code) = (context.Request.Method, context.Response.StatusCode);
        Interlocked.Decrement(ref method is "GET" or "HEAD" ? ref _reading : ref _writing);
        if (running is not null) Interlocked.Decrement(ref running.Value);
        var shape = known && request is { IsResource: true } ? ShapeOf(context, request, code) : Nameless(context, code);
        var size = running is null && shape.Verb is "GET" or "LIST" ? context.Response.ContentLength : null;
        _requests.GetOrAdd(shape, static _ => new Series()).Add(running is null ? Stopwatch.GetElapsedTime(begun).TotalSeconds : null, size);
    }

    /// <summary>The number of events that watches of a resource were told, to be counted on.</summary>
    public StrongBox<long> WatchEventsOf(ResourceSchema schema) =>
        _watchEvents.GetOrAdd((schema.Group, schema.Version, schema.Plural), static _ => new StrongBox<long>());

    /// <summary>The text form of Prometheus.</summary>
    public string ToText()
    {
        var text = new StringBuilder(64 * 1024);
        WriteRequests(text);
        WriteHistograms(text);
        Gauge(text, "apiserver_current_inflight_requests", "Maximal number of currently used inflight request limit of this apiserver per request kind in last second.");
        Line(text, "apiserver_current_inflight_requests{request_kind=\"readOnly\"}", Interlocked.Read(ref _reading));
        Line(text, "apiserver_current_inflight_requests{request_kind=\"mutating\"}", Interlocked.Read(ref _writing));
        Gauge(text, "apiserver_longrunning_requests", "Gauge of all active long-running apiserver requests.");
        foreach (var (shape, count) in _longRunning) Line(text, $"apiserver_longrunning_requests{{{LabelsOf(shape)}}}", Interlocked.Read(ref count.Value));
        Counter(text, "apiserver_watch_events_total", "Number of events sent in watch clients.");
        foreach (var (of, count) in _watchEvents)
            Line(text, $"apiserver_watch_events_total{{group=\"{of.Group}\",resource=\"{of.Resource}\",version=\"{of.Version}\"}}", Interlocked.Read(ref count.Value));
        Gauge(text, "apiserver_storage_objects", "Number of stored objects at the time of last check split by kind.");
        foreach (var informer in registries.Informers) Line(text, $"apiserver_storage_objects{{resource=\"{informer.Type}\"}}", informer.Objects.Count);
        WriteFlows(text);
        Access.WriteTo(text);
        if (audit is not null)
        {
            Counter(text, "apiserver_audit_event_total", "Counter of audit events generated and sent to the audit backend.");
            Line(text, "apiserver_audit_event_total", audit.Count);
        }
        foreach (var write in more) write(text);
        WriteProcess(text);
        return text.ToString();
    }

    private void WriteRequests(StringBuilder text)
    {
        Counter(text, "apiserver_request_total", "Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.");
        foreach (var (shape, series) in _requests)
            Line(text, $"apiserver_request_total{{code=\"{shape.Code}\",{LabelsOf(shape)}}}", series.Count);
        // What the server cut short itself; an eviction that a budget does not allow now is an answer.
        Counter(text, "apiserver_request_terminations_total", "Number of requests which apiserver terminated in self-defense.");
        foreach (var (shape, series) in _requests)
            if (shape.Code == 504 || (shape.Code == 429 && shape.Subresource != "eviction"))
                Line(text, $"apiserver_request_terminations_total{{code=\"{shape.Code}\",{LabelsOf(shape)}}}", series.Count);
    }

    private void WriteHistograms(StringBuilder text)
    {
        var shapes = _requests.GroupBy(static r => r.Key with { Code = 0 }, static r => r.Value).Select(static g => (Labels: LabelsOf(g.Key), g.Key.Verb, Series: g.ToList())).ToList();
        Distribution.Write(text, "apiserver_request_duration_seconds", "Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.",
            Durations, shapes.Select(static s => (s.Labels, s.Series.Select(static e => e.Time))));
        Distribution.Write(text, "apiserver_request_sli_duration_seconds", "Response latency distribution (not counting webhook duration and priority & fairness queue wait times) in seconds for each verb, group, version, resource, subresource, scope and component.",
            Durations, shapes.Where(static s => s.Verb is not ("WATCH" or "CONNECT")).Select(static s => (s.Labels, s.Series.Select(static e => e.Time))));
        Distribution.Write(text, "apiserver_response_sizes", "Response size distribution in bytes for each group, version, verb, resource, subresource, scope and component.",
            Sizes, shapes.Where(static s => s.Verb is "GET" or "LIST").Select(static s => (s.Labels, s.Series.Select(static e => e.Size))));
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
        Gauge(text, "process_virtual_memory_bytes", "Virtual memory size in bytes.");
        Line(text, "process_virtual_memory_bytes", process.VirtualMemorySize64);
        if (OperatingSystem.IsLinux())
        {
            Gauge(text, "process_open_fds", "Number of open file descriptors.");
            Line(text, "process_open_fds", Directory.GetFiles("/proc/self/fd").Length);
        }
        Gauge(text, "process_start_time_seconds", "Start time of the process since unix epoch in seconds.");
        text.Append(CultureInfo.InvariantCulture, $"process_start_time_seconds {(process.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds:0.##}\n");
    }

    private static RequestShape Nameless(HttpContext context, int code) => new(VerbOf(context.Request.Method), "", "", "", "", "", "", code);

    private static RequestShape ShapeOf(HttpContext context, RequestInfo request, int code) => new(
        request.Verb switch
        {
            _ when request.Subresource is "exec" or "attach" or "portforward" or "proxy" => "CONNECT",
            "get" => "GET",
            "list" => "LIST",
            "watch" => "WATCH",
            "create" => "POST",
            "update" => "PUT",
            "patch" => context.Request.ContentType?.StartsWith("application/apply-patch+", StringComparison.OrdinalIgnoreCase) == true ? "APPLY" : "PATCH",
            "delete" => "DELETE",
            "deletecollection" => "DELETECOLLECTION",
            _ => "other",
        },
        request.Group, request.Version, request.Resource, request.Subresource, ScopeOf(request), context.Request.Query.ContainsKey("dryRun") ? "All" : "", code);

    private static string LabelsOf(RequestShape s) =>
        $"component=\"apiserver\",dry_run=\"{s.DryRun}\",group=\"{s.Group}\",resource=\"{s.Resource}\",scope=\"{s.Scope}\",subresource=\"{s.Subresource}\",verb=\"{s.Verb}\",version=\"{s.Version}\"";

    private static string ScopeOf(RequestInfo request) =>
        request.Name.Length > 0 || request.Verb == "create" ? "resource" : request.Namespace.Length > 0 ? "namespace" : "cluster";

    private static string VerbOf(string method) => method is "GET" or "HEAD" or "POST" or "PUT" or "PATCH" or "DELETE" or "OPTIONS" ? method : "other";

    private static void Counter(StringBuilder text, string name, string help) => text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} counter\n");

    private static void Gauge(StringBuilder text, string name, string help) => text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} gauge\n");

    private static void Line(StringBuilder text, string name, long value) => text.Append(name).Append(' ').Append(value).Append('\n');

    private readonly record struct RequestShape(string Verb, string Group, string Version, string Resource, string Subresource, string Scope, string DryRun, int Code);

    /// <summary>How many, how long they took, and how large the answers were. A request that goes on for as long as its client likes is counted only.</summary>
    private sealed class Series
    {
        private long _count;
        private Distribution? _time;
        private Distribution? _size;

        public long Count => Interlocked.Read(ref _count);

        /// <summary>Null while there is nothing in it, as of what goes on for as long as its client likes.</summary>
        public Distribution? Time => Volatile.Read(ref _time);

        /// <summary>Null while there is nothing in it, as of all that is no read.</summary>
        public Distribution? Size => Volatile.Read(ref _size);

        public void Add(double? seconds, long? bytes)
        {
            Interlocked.Increment(ref _count);
            if (seconds is { } time) Of(ref _time, Durations, 1e6).Add(time);
            if (bytes is { } size) Of(ref _size, Sizes, 1).Add(size);
        }

        private static Distribution Of(ref Distribution? place, double[] bounds, double scale) =>
            Volatile.Read(ref place) ?? Interlocked.CompareExchange(ref place, new Distribution(bounds, scale), null) ?? Volatile.Read(ref place)!;
    }
}
