using System.Diagnostics;
using System.Globalization;
using System.Text;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;

namespace Orchestrator.Host.ApiServer;

/// <summary>Counts what came of asking who sends a request and whether he may, and how long that took. Added to from many threads, by every request.</summary>
/// <remarks>Source of names, labels and buckets: k8s.io/apiserver, endpoints/filters/metrics.go.</remarks>
public sealed class AccessAttempts
{
    /// <summary>Upper bounds of the buckets (seconds): each twice the one before.</summary>
    private static readonly double[] Durations = [.. Enumerable.Range(0, 15).Select(static i => 0.001 * (1 << i))];

    /// <summary>Only these names of users are labels; <c>email_id</c> and <c>other</c> stand for all the rest.</summary>
    private static readonly string[] Users = ["admin", "client", "kube_proxy", "kubelet", "system:serviceaccount:kube-system:default", "email_id", "other"];

    private static readonly string[] Authentications = ["success", "failure", "error"];
    private static readonly string[] Authorizations = ["allowed", "denied", "no-opinion", "error"];

    private readonly long[] _users = new long[Users.Length];
    private readonly Distribution[] _authentications = [.. Authentications.Select(static _ => new Distribution(Durations, 1e6))];
    private readonly Distribution[] _authorizations = [.. Authorizations.Select(static _ => new Distribution(Durations, 1e6))];

    /// <summary>Who sends a request was looked at.</summary>
    /// <param name="user">Null when nobody.</param>
    /// <param name="shown">The request shows something by which to tell.</param>
    /// <param name="begun">When, by <see cref="Stopwatch.GetTimestamp"/>.</param>
    public void AddAuthentication(UserInfo? user, bool shown, long begun)
    {
        if (user is not null) Interlocked.Increment(ref _users[UserOf(user.Name)]);
        _authentications[user is not null ? 0 : shown ? 2 : 1].Add(Stopwatch.GetElapsedTime(begun).TotalSeconds);
    }

    /// <summary>Whether a request is allowed was decided.</summary>
    /// <param name="decision">What came of it.</param>
    /// <param name="begun">When, by <see cref="Stopwatch.GetTimestamp"/>.</param>
    public void AddAuthorization(AccessDecision decision, long begun) =>
        _authorizations[decision.Allowed ? 0 : decision.Failed ? 3 : decision.Verdict == AccessVerdict.Deny ? 1 : 2].Add(Stopwatch.GetElapsedTime(begun).TotalSeconds);

    /// <summary>Writes the text form of Prometheus; what never was is left out.</summary>
    public void WriteTo(StringBuilder text)
    {
        Count(text, "authenticated_user_requests", "Requests of users who were believed, by a few kinds of names.", "username", Users, i => Interlocked.Read(ref _users[i]));
        Write(text, "authentication_attempts", "Requests by what came of telling who sends them.", "authentication_duration_seconds", "How long it takes to tell who sends a request, by what came of it.", Authentications, _authentications);
        Write(text, "authorization_attempts_total", "Requests by what was decided about them: 'allowed', 'denied', 'no-opinion' or 'error'.", "authorization_duration_seconds", "How long it takes to decide whether a request is allowed, by what was decided.", Authorizations, _authorizations);
    }

    private static int UserOf(string name) => name switch
    {
        "admin" => 0,
        "client" => 1,
        "kube_proxy" => 2,
        "kubelet" => 3,
        "system:serviceaccount:kube-system:default" => 4,
        _ => name.Contains('@', StringComparison.Ordinal) ? 5 : 6,
    };

    private static void Write(StringBuilder text, string attempts, string help, string durations, string durationsHelp, string[] results, Distribution[] times)
    {
        Count(text, attempts, help, "result", results, i => times[i].Count);
        var found = Enumerable.Range(0, results.Length).Where(i => times[i].Count > 0).ToList();
        if (found.Count > 0) Distribution.Write(text, durations, durationsHelp, Durations, found.Select(i => ($"result=\"{results[i]}\"", Enumerable.Repeat<Distribution?>(times[i], 1))));
    }

    private static void Count(StringBuilder text, string name, string help, string label, string[] values, Func<int, long> countOf)
    {
        var found = values.Select((v, i) => (Value: v, Count: countOf(i))).Where(static v => v.Count > 0).ToList();
        if (found.Count == 0) return;
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} counter\n");
        foreach (var (value, count) in found) text.Append(CultureInfo.InvariantCulture, $"{name}{{{label}=\"{value}\"}} {count}\n");
    }
}
