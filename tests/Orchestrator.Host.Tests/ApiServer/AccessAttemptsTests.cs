using System.Globalization;
using System.Text;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Host.ApiServer;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>A server that is of every opinion, as the path says.</summary>
public sealed class OpinionatedServer : ApiServerFixture
{
    protected override ApiServerOptions Configure(ApiServerOptions options) => options with { Authorizer = new ByPath() };

    private sealed class ByPath : IAuthorizer
    {
        public async ValueTask<AccessDecision> DecideAsync(AccessRequest request, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return request.Path switch
            {
                "/denied" => new AccessDecision(AccessVerdict.Deny, "so it is"),
                "/unknown" => AccessDecision.NoOpinion,
                "/failed" => AccessDecision.NoOpinion with { Failed = true, EvaluationError = "nobody answers" },
                _ => new AccessDecision(AccessVerdict.Allow),
            };
        }

        public ValueTask<UserRules> RulesAsync(UserInfo user, string ns, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}

public sealed class AccessAttemptsTests(OpinionatedServer server) : IClassFixture<OpinionatedServer>
{
    [Fact]
    public async Task Requests_AreCountedByWhatCameOfTellingWhoAndWhether()
    {
        var before = CountsOf(await TextAsync());
        using var mailer = server.Client(server.Issue("CN=jane@example.org", server: false));
        using var kubelet = server.Client(server.Issue("CN=kubelet", server: false));
        using var foreign = server.Client(server.ForeignCertificate());
        foreach (var client in (HttpClient[])[mailer, mailer, kubelet, foreign, server.Stranger]) await SendAsync(client, "/version/");
        await SendAsync(server.Stranger, "/version/", "Bearer wrong");
        foreach (var path in (string[])["/denied", "/unknown", "/failed", "/failed"]) await SendAsync(server.Admin, path);

        var text = await TextAsync();
        Assert.Equal(
            ["user admin 5", "user kubelet 1", "user email_id 2", "authenticated success 8", "authenticated failure 1", "authenticated error 2",
             "authorized allowed 4", "authorized denied 1", "authorized no-opinion 1", "authorized error 2"],
            CountsOf(text).Select(c => $"{c.Key} {c.Value - before.GetValueOrDefault(c.Key)}"));
        Assert.Contains("authentication_duration_seconds_count{result=\"error\"} 2\n", text, StringComparison.Ordinal);
        Assert.Contains("authorization_duration_seconds_bucket{result=\"allowed\",le=\"0.001\"} ", text, StringComparison.Ordinal);
        Assert.Contains($"authorization_duration_seconds_bucket{{result=\"allowed\",le=\"16.384\"}} {CountsOf(text)["authorized allowed"]}\n", text, StringComparison.Ordinal);
        Assert.Contains("authorization_duration_seconds_count{result=\"error\"} 2\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Counting_AllocatesNothing()
    {
        var attempts = new AccessAttempts();
        var user = new UserInfo("system:serviceaccount:default:builder", "", []);
        var allowed = new AccessDecision(AccessVerdict.Allow);
        Count(2);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Count(1000);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        var text = new StringBuilder();
        attempts.WriteTo(text);
        Assert.Contains("authenticated_user_requests{username=\"other\"} 1002\n", text.ToString(), StringComparison.Ordinal);

        void Count(int times)
        {
            for (var i = 0; i < times; i++)
            {
                attempts.AddAuthentication(user, shown: false, 0);
                attempts.AddAuthorization(allowed, 0);
            }
        }
    }

    /// <summary>In the order in which they are written.</summary>
    private static OrderedDictionary<string, int> CountsOf(string text) => new(text.Split('\n')
        .Where(static l => l.StartsWith("auth", StringComparison.Ordinal) && !l.Contains("duration", StringComparison.Ordinal))
        .Select(static l => l.Split('"', ' ', '}', '{') is var parts ? KeyValuePair.Create($"{ShortOf(parts[0])} {parts[2]}", int.Parse(parts[^1], CultureInfo.InvariantCulture)) : default));

    private static string ShortOf(string name) => name switch
    {
        "authenticated_user_requests" => "user",
        "authentication_attempts" => "authenticated",
        "authorization_attempts_total" => "authorized",
        _ => name,
    };

    private Task<string> TextAsync() => server.Admin.GetStringAsync(new Uri("/metrics", UriKind.Relative));

    private static async Task SendAsync(HttpClient client, string path, string? authorization = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using var response = await client.SendAsync(request);
    }
}
