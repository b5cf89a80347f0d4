using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Actors.Authorization;

namespace Orchestrator.Host.ApiServer;

/// <summary>Counts what services are asked about who may do what, what their conditions left out, and how long tokens take to be believed.</summary>
/// <remarks>Source of the names: k8s.io/apiserver, pkg/authorization/metrics and cel, plugin/pkg/authorizer/webhook/metrics,
/// plugin/pkg/authenticator/token/oidc. All labels are names that the configuration gives. What never was is left out.</remarks>
public sealed class AccessMetrics
{
    /// <summary>Upper bounds of buckets (seconds): those of Prometheus where nobody says otherwise.</summary>
    private static readonly double[] RoundTrips = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private static readonly double[] Conditions = [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25];
    private static readonly double[] Tokens = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly ConcurrentDictionary<(string Name, ReviewResult Result), Distribution> _trips = new();
    private readonly ConcurrentDictionary<(string Name, ReviewResult Result), StrongBox<long>> _tripCounts = new();
    private readonly ConcurrentDictionary<(string Name, ReviewResult Result), StrongBox<long>> _failedOpen = new();
    private readonly ConcurrentDictionary<string, Distribution> _conditions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, StrongBox<long>> _conditionErrors = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, StrongBox<long>> _exclusions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Issuer, bool Believed), Distribution> _tokens = new();

    /// <summary>A service was asked once.</summary>
    public void AddRoundTrip(string authorizer, ReviewResult result, TimeSpan time)
    {
        _trips.GetOrAdd((authorizer, result), static _ => new Distribution(RoundTrips, 1e6)).Add(time.TotalSeconds);
        Count(_tripCounts, (authorizer, result));
    }

    /// <summary>A service gave no answer, and its policy lets others decide.</summary>
    public void AddFailOpen(string authorizer, ReviewResult result) => Count(_failedOpen, (authorizer, result));

    /// <summary>The conditions of a webhook were looked at.</summary>
    /// <param name="erred">One could not be evaluated.</param>
    /// <param name="excluded">One is false.</param>
    public void AddConditions(string authorizer, TimeSpan time, bool erred, bool excluded)
    {
        _conditions.GetOrAdd(authorizer, static _ => new Distribution(Conditions, 1e6)).Add(time.TotalSeconds);
        if (erred) Count(_conditionErrors, authorizer);
        if (excluded) Count(_exclusions, authorizer);
    }

    /// <summary>A token of an issuer was looked at.</summary>
    public void AddToken(string issuer, bool believed, TimeSpan time) =>
        _tokens.GetOrAdd((issuer, believed), static _ => new Distribution(Tokens, 1e6)).Add(time.TotalSeconds);

    /// <summary>Writes the text form of Prometheus.</summary>
    /// <param name="text">Is added to.</param>
    /// <param name="decisions">Of the authorizers.</param>
    public void WriteTo(StringBuilder text, DecisionCounts decisions)
    {
        Counter(text, "apiserver_authorization_decisions_total", "Terminal decisions, by type and name of the authorizer and by what it decided.",
            decisions.All.Select(static d => ($"decision=\"{d.Decision}\",name=\"{d.Name}\",type=\"{d.Type}\"", d.Count)));
        Histogram(text, "apiserver_authorization_match_condition_evaluation_seconds", "How long the match conditions of an authorizer take to be evaluated, by its type and name.",
            Conditions, _conditions.Select(static c => (Authorizer(c.Key), c.Value)));
        Counter(text, "apiserver_authorization_match_condition_evaluation_errors_total", "Times that a match condition of an authorizer could not be evaluated, by its type and name.",
            _conditionErrors.Select(static c => (Authorizer(c.Key), Interlocked.Read(ref c.Value.Value))));
        Counter(text, "apiserver_authorization_match_condition_exclusions_total", "Times that an authorizer was passed over because of its match conditions, by its type and name.",
            _exclusions.Select(static c => (Authorizer(c.Key), Interlocked.Read(ref c.Value.Value))));
        Counter(text, "apiserver_authorization_webhook_evaluations_total", "Round trips to authorization webhooks.",
            _tripCounts.Select(static c => (Trip(c.Key), Interlocked.Read(ref c.Value.Value))));
        Counter(text, "apiserver_authorization_webhook_evaluations_fail_open_total", "Times that an authorization webhook had no opinion because it erred or took too long.",
            _failedOpen.Select(static c => (Trip(c.Key), Interlocked.Read(ref c.Value.Value))));
        Histogram(text, "apiserver_authorization_webhook_duration_seconds", "How long authorization webhooks take to answer.",
            RoundTrips, _trips.Select(static t => (Trip(t.Key), t.Value)));
        Histogram(text, "apiserver_authentication_jwt_authenticator_latency_seconds", "How long tokens of JWT issuers take to be authenticated, by what came of it.",
            Tokens, _tokens.Select(static t => ($"jwt_issuer_hash=\"{Digest(t.Key.Issuer)}\",result=\"{(t.Key.Believed ? "success" : "failure")}\"", t.Value)));
    }

    private static string Authorizer(string name) => $"name=\"{name}\",type=\"{AuthorizationConfiguration.WebhookType}\"";

    private static string Trip((string Name, ReviewResult Result) trip) => $"name=\"{trip.Name}\",result=\"{trip.Result switch
    {
        ReviewResult.Success => "success",
        ReviewResult.Timeout => "timeout",
        ReviewResult.Canceled => "canceled",
        _ => "error",
    }}\"";

    private static string Digest(string issuer) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(issuer)))}";

    private static void Count<TKey>(ConcurrentDictionary<TKey, StrongBox<long>> counts, TKey key) where TKey : notnull =>
        Interlocked.Increment(ref counts.GetOrAdd(key, static _ => new StrongBox<long>()).Value);

    private static void Counter(StringBuilder text, string name, string help, IEnumerable<(string Labels, long Count)> series)
    {
        var found = series.ToList();
        if (found.Count == 0) return;
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} counter\n");
        foreach (var (labels, count) in found) text.Append(CultureInfo.InvariantCulture, $"{name}{{{labels}}} {count}\n");
    }

    private static void Histogram(StringBuilder text, string name, string help, double[] bounds, IEnumerable<(string Labels, Distribution Values)> series)
    {
        var found = series.ToList();
        if (found.Count > 0) Distribution.Write(text, name, help, bounds, found.Select(static s => (s.Labels, Enumerable.Repeat<Distribution?>(s.Values, 1))));
    }
}
