using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Resources;
using Orchestrator.Host.ApiServer;
using Orchestrator.Host.Processes;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>A server that is configured by files, with two issuers and a service that decides.</summary>
public sealed class ConfiguredServer : ApiServerFixture, IAsyncLifetime
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("configured").FullName;
    internal WebhookServer Web { get; private set; } = null!;
    internal OidcIssuer First { get; private set; } = null!;
    internal OidcIssuer Second { get; private set; } = null!;
    internal AccessParts Access { get; private set; } = null!;

    /// <summary>The specs of the reviews that the service was asked, with its name before each.</summary>
    internal List<(string Hook, JsonNode Spec)> Asked { get; } = [];

    public string AuthenticationFile => Path.Combine(Folder, "authentication.yaml");

    public string AuthorizationFile => Path.Combine(Folder, "authorization.yaml");

    async Task IAsyncLifetime.InitializeAsync()
    {
        Web = await WebhookServer.StartAsync();
        First = new OidcIssuer(Web, "/first").Start();
        Second = new OidcIssuer(Web, "/second").Start("/elsewhere/second.json");
        foreach (var hook in (string[])["one", "two"])
        {
            Web.Raw["/" + hook] = async c =>
            {
                var spec = JsonNode.Parse(await new StreamReader(c.Request.Body).ReadToEndAsync())!["spec"]!;
                lock (Asked) Asked.Add((hook, spec));
                var verdict = (string?)spec["user"] switch { "first:denied" => """{"allowed":false,"denied":true,"reason":"never"}""", "first:allowed-by-two" when hook == "one" => """{"allowed":false}""", _ => """{"allowed":true}""" };
                await c.Response.WriteAsync($$"""{"status":{{verdict}}}""");
            };
            await File.WriteAllTextAsync(Kubeconfig(hook), $$"""
                {"clusters":[{"name":"c","cluster":{"server":"{{new Uri(Web.Url, hook)}}","certificate-authority-data":"{{Web.CaBundle}}"} }],
                 "users":[{"name":"u","user":{} }],"contexts":[{"name":"x","context":{"cluster":"c","user":"u"} }],"current-context":"x"}
                """);
        }
        await File.WriteAllTextAsync(AuthenticationFile, Authentication("first:"));
        await File.WriteAllTextAsync(AuthorizationFile, Authorization("one"));
        await InitializeAsync();
    }

    async Task IAsyncLifetime.DisposeAsync()
    {
        await DisposeAsync();
        await Access.DisposeAsync();
        await Web.DisposeAsync();
        First.Dispose();
        Second.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    public string Kubeconfig(string hook) => Path.Combine(Folder, hook + ".kubeconfig");

    /// <param name="prefix">Before the names of the first issuer.</param>
    public string Authentication(string prefix) => $$"""
        apiVersion: apiserver.config.k8s.io/v1beta1
        kind: AuthenticationConfiguration
        jwt:
        - issuer:
            url: {{First.Url}}
            audiences: [cluster, other]
            audienceMatchPolicy: MatchAny
            certificateAuthority: {{System.Text.Json.JsonSerializer.Serialize(First.Authority)}}
          claimMappings:
            username: {expression: '"{{prefix}}" + claims.login'}
            groups: {expression: 'claims.roles.split(",")'}
            uid: {claim: sub}
            extra:
            - key: example.org/tenant
              valueExpression: claims.tenant
          claimValidationRules:
          - expression: claims.exp - claims.nbf <= 86400
            message: lives too long
          userValidationRules:
          - expression: "!user.username.endsWith('root')"
            message: nobody is root
        - issuer:
            url: {{Second.Url}}
            discoveryURL: {{new Uri(Web.Url, "/elsewhere/second.json")}}
            audiences: [cluster]
            certificateAuthority: {{System.Text.Json.JsonSerializer.Serialize(Second.Authority)}}
          claimMappings:
            username: {claim: sub, prefix: "second:"}
        anonymous:
          enabled: true
          conditions:
          - path: /livez
          - path: /openapi/v2
        """;

    /// <param name="first">The hook that is asked first about pods.</param>
    public string Authorization(string first) => $$"""
        apiVersion: apiserver.config.k8s.io/v1
        kind: AuthorizationConfiguration
        authorizers:
        - type: Webhook
          name: first
          webhook:
            timeout: 3s
            subjectAccessReviewVersion: v1
            matchConditionSubjectAccessReviewVersion: v1
            failurePolicy: Deny
            connectionInfo: {type: KubeConfigFile, kubeConfigFile: "{{Kubeconfig(first)}}" }
            matchConditions:
            - expression: has(request.resourceAttributes)
            - expression: request.resourceAttributes.resource == 'pods'
            - expression: "!('system:masters' in request.groups)"
        - {type: RBAC, name: rbac}
        - type: Webhook
          name: last.example.com
          webhook:
            timeout: 3s
            subjectAccessReviewVersion: v1
            matchConditionSubjectAccessReviewVersion: v1
            failurePolicy: NoOpinion
            connectionInfo: {type: KubeConfigFile, kubeConfigFile: "{{Kubeconfig("two")}}" }
            matchConditions:
            - expression: request.user.startsWith('first:allowed-by-two')
        """;

    protected override ApiServerOptions Configure(ApiServerOptions options)
    {
        var settings = new AccessSettings { AuthenticationFile = AuthenticationFile, AuthorizationFile = AuthorizationFile };
        Access = new AccessParts(settings, AccessFiles.Read(settings, TimeProvider.System), Registries, Akka.Actor.ActorRefs.Nobody, TimeProvider.System, NullLoggerFactory.Instance);
        return Access.Complete(options) with { Authorizer = Access.Control, TokenSigner = null, Tokens = null };
    }
}

/// <summary>Structured configuration, end to end.</summary>
public sealed class StructuredConfigurationTests(ConfiguredServer server) : IClassFixture<ConfiguredServer>
{
    private static JsonObject Claims(string login) => new()
    {
        ["sub"] = "s-1",
        ["login"] = login,
        ["roles"] = "dev,ops",
        ["tenant"] = "acme",
        ["nbf"] = TimeProvider.System.GetUtcNow().AddMinutes(-5).ToUnixTimeSeconds(),
    };

    [Fact]
    public async Task TwoIssuers_EachMakesUsersItsOwnWay()
    {
        var (code, user) = await WhoAsync(server.First.Token(Claims("jane"), "other"));
        Assert.Equal(HttpStatusCode.Created, code);
        Assert.Equal(("first:jane", "s-1", "acme"), ((string?)user!["username"], (string?)user["uid"], (string?)user["extra"]!["example.org/tenant"]![0]));
        Assert.Equal(["dev", "ops", "system:authenticated"], user["groups"]!.AsArray().Select(static g => (string?)g));

        (code, user) = await WhoAsync(server.Second.Token(new JsonObject { ["sub"] = "joe" }));
        Assert.Equal((HttpStatusCode.Created, "second:joe"), (code, (string?)user!["username"]));
        // Each for its own audiences.
        Assert.Equal(HttpStatusCode.Unauthorized, (await WhoAsync(server.Second.Token(new JsonObject { ["sub"] = "joe" }, "other"))).Code);
    }

    [Fact]
    public async Task Rules_TurnTokensAway()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await WhoAsync(server.First.Token(Claims("root")))).Code);
        Assert.Equal("oidc: error evaluating user info validation rule: validation expression '!user.username.endsWith('root')' failed: nobody is root", await ErrorAsync(server.First.Token(Claims("root"))));
        var old = Claims("jane");
        old["nbf"] = 1;
        Assert.Equal("oidc: error evaluating claim validation expression: validation expression 'claims.exp - claims.nbf <= 86400' failed: lives too long", await ErrorAsync(server.First.Token(old)));
        var nameless = Claims("jane");
        nameless.Remove("login");
        Assert.Equal("oidc: error evaluating username claim expression: expression '\"first:\" + claims.login' resulted in error: no such key: login", await ErrorAsync(server.First.Token(nameless)));
    }

    [Fact]
    public async Task Anonymous_IsLetInWhereTheFileSays()
    {
        // Known as a stranger, who may do nothing; elsewhere not known at all.
        Assert.Equal(HttpStatusCode.Forbidden, (await server.Stranger.GetAsync(new Uri("/openapi/v2", UriKind.Relative))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Stranger.GetAsync(new Uri("/api", UriKind.Relative))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Stranger.GetAsync(new Uri("/api/v1/pods", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task Authorizers_AreAskedInOrder_AboutWhatTheyAreFor()
    {
        lock (server.Asked) server.Asked.Clear();
        Assert.Equal(HttpStatusCode.OK, await GetAsync("/api/v1/namespaces/default/pods?labelSelector=a%3Db", server.First.Token(Claims("jane"))));
        Assert.Equal(["one"], Hooks());
        Assert.Equal("""{"requirements":[{"key":"a","operator":"In","values":["b"]}]}""", server.Asked[0].Spec["resourceAttributes"]!["labelSelector"]!.ToJsonString());
        // A refusal is final.
        Assert.Equal(HttpStatusCode.Forbidden, await GetAsync("/api/v1/namespaces/default/pods", server.First.Token(Claims("denied"))));
        Assert.Equal(["one", "one"], Hooks());
        // One without an opinion lets the others speak, and one whose conditions do not hold is not asked.
        Assert.Equal(HttpStatusCode.OK, await GetAsync("/api/v1/namespaces/default/pods", server.First.Token(Claims("allowed-by-two"))));
        Assert.Equal(["one", "one", "one", "two"], Hooks());
        Assert.Equal(HttpStatusCode.Forbidden, await GetAsync("/api/v1/namespaces/default/secrets", server.First.Token(Claims("jane"))));
        Assert.Equal(4, Hooks().Length);
        // Masters ask nobody.
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/api/v1/pods")).Code);
        Assert.Equal(4, Hooks().Length);
    }

    [Fact]
    public async Task Files_AreReadAgain_AndABrokenOneChangesNothing()
    {
        var (authentication, authorization) = (server.Access.Files[0], server.Access.Files[1]);
        Task CheckAsync(bool authenticates = true) => (authenticates ? authentication : authorization).CheckAsync(default);
        async Task<string?> NameAsync() => (string?)(await WhoAsync(server.First.Token(Claims("rita")))).User?["username"];

        await CheckAsync();
        Assert.Equal((0, 0), (authentication.Counts.Succeeded, authentication.Counts.Failed));
        Replace(server.AuthenticationFile, server.Authentication("renamed:"));
        await CheckAsync();
        Assert.Equal("renamed:rita", await NameAsync());
        Assert.Equal((1, 0), (authentication.Counts.Succeeded, authentication.Counts.Failed));

        // It is told once, until it is another.
        Replace(server.AuthenticationFile, server.Authentication("renamed:") + "\nextra: 1\n");
        await CheckAsync();
        await CheckAsync();
        Assert.Equal((1, 1), (authentication.Counts.Succeeded, authentication.Counts.Failed));
        Assert.Equal("renamed:rita", await NameAsync());
        // An issuer that shows no keys is asked again.
        Replace(server.AuthenticationFile, server.Authentication("renamed:").Replace("/elsewhere/second.json", "/elsewhere/third.json", StringComparison.Ordinal));
        await CheckAsync();
        await CheckAsync();
        Assert.Equal((1, 3), (authentication.Counts.Succeeded, authentication.Counts.Failed));
        Assert.Equal(HttpStatusCode.Created, (await WhoAsync(server.Second.Token(new JsonObject { ["sub"] = "joe" }))).Code);
        Replace(server.AuthenticationFile, server.Authentication("first:"));
        await CheckAsync();
        Assert.Equal("first:rita", await NameAsync());

        Replace(server.AuthorizationFile, server.Authorization("two"));
        await CheckAsync(authenticates: false);
        lock (server.Asked) server.Asked.Clear();
        Assert.Equal(HttpStatusCode.OK, await GetAsync("/api/v1/namespaces/default/pods", server.First.Token(Claims("reloaded"))));
        Assert.Equal(["two"], Hooks());
        // What was there from the start has to stay.
        Replace(server.AuthorizationFile, server.Authorization("one").Replace("- {type: RBAC, name: rbac}", "", StringComparison.Ordinal));
        await CheckAsync(authenticates: false);
        Assert.Equal((1, 1), (authorization.Counts.Succeeded, authorization.Counts.Failed));
        Replace(server.AuthorizationFile, server.Authorization("one"));
        await CheckAsync(authenticates: false);

        var metrics = (await server.GetAsync("/metrics")).Text;
        Assert.Contains("apiserver_authentication_config_controller_automatic_reloads_total{apiserver_id_hash=\"sha256:", metrics, StringComparison.Ordinal);
        Assert.Contains("status=\"failure\"} 3\n", metrics, StringComparison.Ordinal);
        Assert.Contains("apiserver_authorization_config_controller_automatic_reload_last_timestamp_seconds{", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Decisions_RoundTripsConditionsAndTokens_AreCounted()
    {
        Assert.Equal(HttpStatusCode.NotFound, await GetAsync("/api/v1/namespaces/default/pods/counted", server.First.Token(Claims("counted"))));
        Assert.Equal(HttpStatusCode.Forbidden, await GetAsync("/api/v1/namespaces/default/pods/counted", server.First.Token(Claims("denied"))));
        Assert.Equal(HttpStatusCode.Forbidden, await GetAsync("/api/v1/namespaces/default/secrets", server.First.Token(Claims("counted"))));
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync("/api/v1/namespaces/default/pods", server.First.Token(Claims("root"))));
        // It is about no resource, so the first webhook is not asked.
        Assert.Equal(HttpStatusCode.Forbidden, await GetAsync("/logs", server.First.Token(Claims("counted"))));

        var metrics = (await server.GetAsync("/metrics")).Text;
        foreach (var series in (string[])
        [
            "apiserver_authorization_decisions_total{decision=\"allowed\",name=\"first\",type=\"Webhook\"}",
            "apiserver_authorization_decisions_total{decision=\"denied\",name=\"first\",type=\"Webhook\"}",
            "apiserver_authorization_webhook_evaluations_total{name=\"first\",result=\"success\"}",
            "apiserver_authorization_webhook_duration_seconds_bucket{name=\"first\",result=\"success\",le=\"0.005\"}",
            "apiserver_authorization_webhook_duration_seconds_count{name=\"first\",result=\"success\"}",
            "apiserver_authorization_match_condition_exclusions_total{name=\"first\",type=\"Webhook\"}",
            "apiserver_authorization_match_condition_evaluation_seconds_bucket{name=\"last.example.com\",type=\"Webhook\",le=\"0.25\"}",
            "result=\"success\",le=\"0.001\"}",
            "result=\"failure\",le=\"+Inf\"}",
        ])
            Assert.Contains(series, metrics, StringComparison.Ordinal);
        Assert.Contains("apiserver_authentication_jwt_authenticator_latency_seconds_count{jwt_issuer_hash=\"sha256:", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("apiserver_authorization_webhook_evaluations_fail_open_total", metrics, StringComparison.Ordinal);
    }

    /// <summary>As a mounted ConfigMap changes: the file is another at once.</summary>
    private static void Replace(string file, string text)
    {
        var content = $"{file}.{Guid.NewGuid():N}";
        File.WriteAllText(content, text);
        File.CreateSymbolicLink(file + ".new", content);
        File.Move(file + ".new", file, overwrite: true);
    }

    private string[] Hooks()
    {
        lock (server.Asked) return [.. server.Asked.Select(static a => a.Hook)];
    }

    private async Task<HttpStatusCode> GetAsync(string path, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await server.Stranger.SendAsync(request);
        return response.StatusCode;
    }

    private async Task<(HttpStatusCode Code, JsonNode? User)> WhoAsync(string token)
    {
        // It takes no right to ask, but the roles that say so are not there.
        var (_, json, _, _) = await server.SendAsync(HttpMethod.Post, "/apis/authentication.k8s.io/v1/tokenreviews", new JsonObject { ["spec"] = new JsonObject { ["token"] = token } }.ToJsonString());
        var status = json!["status"]!;
        return ((bool?)status["authenticated"] == true ? HttpStatusCode.Created : HttpStatusCode.Unauthorized, status["user"]);
    }

    private async Task<string?> ErrorAsync(string token) => (string?)(await server.SendAsync(HttpMethod.Post, "/apis/authentication.k8s.io/v1/tokenreviews",
        new JsonObject { ["spec"] = new JsonObject { ["token"] = token } }.ToJsonString())).Json!["status"]!["error"];
}
