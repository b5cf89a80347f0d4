using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Resources;
using Orchestrator.Host.ApiServer;
using Orchestrator.Host.ApiServer.Configuration;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>Tokens that others vouch for: a provider of OpenID Connect and services that review, each behind real TLS.</summary>
public sealed class AuthenticationTests : IAsyncLifetime
{
    private readonly RSA _key = RSA.Create(2048);
    private readonly TestClock _clock = new();
    private WebhookServer _server = null!;
    private int _keyFetches;

    public async Task InitializeAsync()
    {
        _server = await WebhookServer.StartAsync();
        _server.Raw["/.well-known/openid-configuration"] = c => c.Response.WriteAsJsonAsync(new JsonObject { ["issuer"] = Issuer, ["jwks_uri"] = $"{Issuer}/keys" });
        _server.Raw["/keys"] = c =>
        {
            Interlocked.Increment(ref _keyFetches);
            var parameters = _key.ExportParameters(false);
            return c.Response.WriteAsJsonAsync(new JsonObject
            {
                ["keys"] = new JsonArray(new JsonObject
                {
                    ["kty"] = "RSA",
                    ["use"] = "sig",
                    ["alg"] = "RS256",
                    ["kid"] = "k1",
                    ["n"] = Base64Url.EncodeToString(parameters.Modulus),
                    ["e"] = Base64Url.EncodeToString(parameters.Exponent),
                }),
            });
        };
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _key.Dispose();
    }

    private string Issuer => _server.Url.GetLeftPart(UriPartial.Authority);

    [Fact]
    public async Task Oidc_UserAndGroups_ComeFromTheClaims()
    {
        var tokens = Oidc(static m =>
        {
            m["username"] = new JsonObject { ["claim"] = "email", ["prefix"] = "oidc:" };
            m["groups"] = new JsonObject { ["claim"] = "groups", ["prefix"] = "g:" };
        });
        var user = (await tokens.AuthenticateAsync(Token(static c =>
        {
            c["email"] = "jane@example.com";
            c["email_verified"] = true;
            c["groups"] = new JsonArray("dev", "ops");
        }), [], default)).User!;
        Assert.Equal("oidc:jane@example.com", user.Name);
        Assert.Equal(["g:dev", "g:ops", "system:authenticated"], user.Groups.AsEnumerable());

        Assert.Equal("jane", (await Oidc().AuthenticateAsync(Token(), [], default)).User!.Name);
    }

    [Fact]
    public async Task Oidc_WrongTokens_AreRefused_AndSayWhy()
    {
        var tokens = Oidc(rules: new JsonArray(new JsonObject { ["claim"] = "hd", ["requiredValue"] = "example.com" }));
        async Task<string> RefusedAsync(Action<JsonObject> change, string kid = "k1", RSA? by = null, string algorithm = "RS256")
        {
            var result = await tokens.AuthenticateAsync(Token(c => { c["hd"] = "example.com"; change(c); }, kid, by, algorithm), [], default);
            Assert.Null(result.User);
            return result.Error;
        }

        Assert.NotNull((await tokens.AuthenticateAsync(Token(static c => c["hd"] = "example.com"), [], default)).User);
        Assert.Equal("", await RefusedAsync(static c => c["iss"] = "https://other.example.com"));
        Assert.Equal("oidc: verify token: oidc: expected audience \"cluster\" got [\"other\"]", await RefusedAsync(static c => c["aud"] = "other"));
        Assert.Equal("oidc: verify token: oidc: token is expired", await RefusedAsync(c => c["exp"] = _clock.Now.AddSeconds(-1).ToUnixTimeSeconds()));
        Assert.Contains("nbf", await RefusedAsync(c => c["nbf"] = _clock.Now.AddMinutes(5).ToUnixTimeSeconds()), StringComparison.Ordinal);
        Assert.Equal("oidc: required claim hd not present in ID token", await RefusedAsync(static c => c.Remove("hd")));
        Assert.Contains("oidc: required claim hd value does not match", await RefusedAsync(static c => c["hd"] = "evil.example.com"), StringComparison.Ordinal);
        Assert.Contains("unsupported algorithm", await RefusedAsync(static _ => { }, algorithm: "none"), StringComparison.Ordinal);
        using var foreign = RSA.Create(2048);
        Assert.Contains("failed to verify id token signature", await RefusedAsync(static _ => { }, by: foreign), StringComparison.Ordinal);
        Assert.Contains("failed to verify id token signature", await RefusedAsync(static _ => { }, kid: "k2"), StringComparison.Ordinal);
        // Tokens that name keys of their own invention do not make us ask the provider each time.
        Assert.Equal(1, _keyFetches);
        _clock.Now += TimeSpan.FromSeconds(11);
        await RefusedAsync(static _ => { }, kid: "k2");
        Assert.Equal(2, _keyFetches);
    }

    [Fact]
    public async Task Oidc_UnverifiedAddress_IsNobody()
    {
        var tokens = Oidc(static m => m["username"] = new JsonObject { ["claim"] = "email", ["prefix"] = "" });
        Assert.Equal("oidc: email not verified", (await tokens.AuthenticateAsync(Token(static c =>
        {
            c["email"] = "jane@example.com";
            c["email_verified"] = false;
        }), [], default)).Error);
    }

    [Fact]
    public async Task Oidc_ProviderThatIsAnother_IsNotBelieved()
    {
        _server.Raw["/.well-known/openid-configuration"] = c => c.Response.WriteAsJsonAsync(new JsonObject { ["issuer"] = "https://other.example.com", ["jwks_uri"] = $"{Issuer}/keys" });
        var tokens = Oidc();
        Assert.Contains("issuer did not match", (await tokens.AuthenticateAsync(Token(), [], default)).Error, StringComparison.Ordinal);
        // Nor one whose certificate nobody vouches for.
        var untrusted = Oidc(trusted: false);
        Assert.Contains("fetching keys", (await untrusted.AuthenticateAsync(Token(), [], default)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TokenWebhook_IsAskedOncePerToken_UntilItsAnswerIsOld()
    {
        var asked = 0;
        _server.Raw["/tokens"] = async c =>
        {
            Interlocked.Increment(ref asked);
            var spec = (JsonNode.Parse(await new StreamReader(c.Request.Body).ReadToEndAsync()))!["spec"]!;
            var status = (string?)spec["token"] == "good"
                ? JsonNode.Parse("""{"authenticated":true,"user":{"username":"wanda","uid":"7","groups":["w"],"extra":{"k":["v"]}},"audiences":["vault","api"]}""")
                : JsonNode.Parse("""{"authenticated":false,"error":"no such token"}""");
            await c.Response.WriteAsJsonAsync(new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenReview", ["status"] = status });
        };
        using var client = Review("/tokens");
        var tokens = new WebhookTokens(client, "v1", ["api"], TimeSpan.FromMinutes(2), _clock);

        for (var n = 0; n < 2; n++)
        {
            var user = (await tokens.AuthenticateAsync("good", [], default)).User!;
            Assert.Equal(("wanda", "7", "v"), (user.Name, user.Uid, user.Extra["k"].Single()));
            Assert.Equal(["w", "system:authenticated"], user.Groups.AsEnumerable());
        }
        Assert.Equal(1, asked);
        Assert.Equal(["vault"], (await tokens.AuthenticateAsync("good", ["vault", "x"], default)).Audiences.AsEnumerable());
        // What the service calls an error is not remembered: it may pass.
        for (var n = 0; n < 2; n++) Assert.Equal("no such token", (await tokens.AuthenticateAsync("bad", [], default)).Error);
        Assert.Equal(4, asked);
        // A token for somebody else is nobody's here.
        Assert.Equal(TokenResult.Unknown, await tokens.AuthenticateAsync("good", ["other"], default));
        asked -= 2;
        _clock.Now += TimeSpan.FromMinutes(3);
        await tokens.AuthenticateAsync("good", [], default);
        Assert.Equal(4, asked);
    }

    [Fact]
    public async Task AuthorizationWebhook_AllowsDeniesAndRemembers_AndHasNoOpinionWhileItIsAway()
    {
        var asked = new List<JsonNode>();
        _server.Raw["/access"] = async c =>
        {
            var spec = (JsonNode.Parse(await new StreamReader(c.Request.Body).ReadToEndAsync()))!["spec"]!;
            lock (asked) asked.Add(spec);
            var status = (string?)spec["resourceAttributes"]?["verb"] switch
            {
                "get" => """{"allowed":true}""",
                "delete" => """{"allowed":false,"denied":true,"reason":"never"}""",
                _ => """{"allowed":false,"reason":"not mine"}""",
            };
            await c.Response.WriteAsJsonAsync(new JsonObject { ["status"] = JsonNode.Parse(status) });
        };
        using var client = Review("/access");
        var webhook = new WebhookAuthorizer(client, new AuthorizationWebhook { Version = "v1beta1" }, _clock);
        var jane = new UserInfo("jane", "u", ["dev"]);
        AccessRequest Of(string verb) => AccessRequest.OfResource(jane, verb, "apps", "deployments", "default", "web", "scale");

        Assert.True((await webhook.DecideAsync(Of("get"), default)).Allowed);
        Assert.Equal(new AccessDecision(AccessVerdict.Deny, "never"), await webhook.DecideAsync(Of("delete"), default));
        Assert.Equal(new AccessDecision(AccessVerdict.NoOpinion, "not mine"), await webhook.DecideAsync(Of("list"), default));
        Assert.Equal("""{"verb":"get","namespace":"default","group":"apps","version":"*","resource":"deployments","subresource":"scale","name":"web"}""", asked[0]["resourceAttributes"]!.ToJsonString());
        Assert.Equal(("jane", "u", "dev"), ((string?)asked[0]["user"], (string?)asked[0]["uid"], (string?)asked[0]["groups"]![0]));

        // A yes is remembered for longer than a no.
        _clock.Now += TimeSpan.FromMinutes(1);
        await webhook.DecideAsync(Of("get"), default);
        await webhook.DecideAsync(Of("list"), default);
        Assert.Equal(4, asked.Count);

        await webhook.DecideAsync(Of("watch") with { FieldSelector = "spec.nodeName=n1,metadata.name!=x", LabelSelector = "a=b,c in (d,e),!f" }, default);
        Assert.Equal("""{"requirements":[{"key":"spec.nodeName","operator":"In","values":["n1"]},{"key":"metadata.name","operator":"NotIn","values":["x"]}]}""",
            asked[^1]["resourceAttributes"]!["fieldSelector"]!.ToJsonString());
        Assert.Equal("""{"requirements":[{"key":"a","operator":"In","values":["b"]},{"key":"c","operator":"In","values":["d","e"]},{"key":"f","operator":"DoesNotExist"}]}""",
            asked[^1]["resourceAttributes"]!["labelSelector"]!.ToJsonString());

        var other = await webhook.DecideAsync(new AccessRequest(jane, "get") { Path = "/metrics" }, default);
        Assert.Equal(AccessVerdict.NoOpinion, other.Verdict);
        Assert.Equal("""{"path":"/metrics","verb":"get"}""", asked[^1]["nonResourceAttributes"]!.ToJsonString());
    }

    [Theory]
    [InlineData(500, 5)]
    [InlineData(429, 5)]
    [InlineData(503, 1)]
    [InlineData(403, 1)]
    public async Task AuthorizationWebhook_ThatFails_IsAskedAgainWhereThatMayHelp_AndTheRequestFailsWithIt(int code, int times)
    {
        var asked = 0;
        _server.Raw["/access"] = c =>
        {
            asked++;
            c.Response.StatusCode = code;
            return c.Response.WriteAsync("oops");
        };
        using var client = Review("/access");
        var metrics = new AccessMetrics();
        var webhook = new WebhookAuthorizer(client, new AuthorizationWebhook(), new HastyClock(), "hook", metrics);
        var request = AccessRequest.OfResource(new UserInfo("jane", "", []), "get", "", "pods") with { Path = "/api/v1/pods" };
        var decision = await new AuthorizerChain([webhook]).DecideAsync(request, default);
        Assert.Equal((AccessVerdict.NoOpinion, true, times), (decision.Verdict, decision.Failed, asked));
        var text = new StringBuilder();
        metrics.WriteTo(text, new DecisionCounts());
        Assert.Contains($"apiserver_authorization_webhook_evaluations_total{{name=\"hook\",result=\"error\"}} {times}\n", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("apiserver_authorization_webhook_evaluations_fail_open_total{name=\"hook\",result=\"error\"} 1\n", text.ToString(), StringComparison.Ordinal);
        var refusal = (await RequestAccess.CheckAsync(new AuthorizerChain([webhook]), request, null, default))!;
        Assert.Equal(500, refusal.Code);
        Assert.StartsWith("Internal Server Error: \"/api/v1/pods\": ", refusal.Message, StringComparison.Ordinal);
        Assert.True((await new AuthorizerChain([webhook, new AlwaysAllowAuthorizer()]).DecideAsync(request, default)).Allowed);
    }

    [Fact]
    public async Task AuthorizationWebhook_ThatSaysBoth_Denies()
    {
        _server.Raw["/access"] = static c => c.Response.WriteAsync("""{"status":{"allowed":true,"denied":true,"reason":"who knows"}}""");
        using var client = Review("/access");
        var webhook = new WebhookAuthorizer(client, new AuthorizationWebhook(), _clock);
        var decision = await webhook.DecideAsync(AccessRequest.OfResource(new UserInfo("jane", "", []), "get", "", "pods"), default);
        Assert.Equal((AccessVerdict.Deny, "webhook subject access review returned both allow and deny response"), (decision.Verdict, decision.EvaluationError));
    }

    [Theory]
    [InlineData("[]", true)]
    [InlineData("[]", false)]
    [InlineData("{", false)]
    public async Task AuthorizationWebhook_AnswerThatIsNone_IsAFailure_AsThePolicySays(string answer, bool denies)
    {
        _server.Raw["/access"] = c => c.Response.WriteAsync(answer);
        using var client = Review("/access");
        var webhook = new WebhookAuthorizer(client, new AuthorizationWebhook { DeniesOnFailure = denies }, _clock);
        var decision = await webhook.DecideAsync(AccessRequest.OfResource(new UserInfo("jane", "", []), "get", "", "pods"), default);
        Assert.Equal((denies ? AccessVerdict.Deny : AccessVerdict.NoOpinion, true), (decision.Verdict, decision.Failed));
    }

    [Fact]
    public async Task AuthorizationWebhook_RequestOfMuchText_IsNotRemembered()
    {
        var asked = 0;
        _server.Raw["/access"] = c =>
        {
            asked++;
            return c.Response.WriteAsync("""{"status":{"allowed":true}}""");
        };
        using var client = Review("/access");
        var webhook = new WebhookAuthorizer(client, new AuthorizationWebhook(), _clock);
        foreach (var length in (int[])[9_000, 10_000])
            for (var n = 0; n < 2; n++)
                Assert.True((await webhook.DecideAsync(AccessRequest.OfResource(new UserInfo("jane", "", []), "get", "", "pods", name: new string('x', length)), default)).Allowed);
        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task InCluster_TheAccountOfThePodAsksTheApi()
    {
        var seen = new List<string>();
        _server.Raw["/apis/authorization.k8s.io/v1/subjectaccessreviews"] = c =>
        {
            lock (seen) seen.Add(c.Request.Headers.Authorization.ToString());
            return c.Response.WriteAsync("""{"status":{"allowed":true}}""");
        };
        var folder = Directory.CreateTempSubdirectory("account").FullName;
        var variables = new Dictionary<string, string> { ["KUBERNETES_SERVICE_HOST"] = _server.Url.Host, ["KUBERNETES_SERVICE_PORT"] = $"{_server.Url.Port}" };
        ReviewClient Start() => ReviewClient.InCluster("/apis/authorization.k8s.io/v1/subjectaccessreviews", TimeSpan.FromSeconds(30), variables.GetValueOrDefault, folder);
        try
        {
            Assert.ThrowsAny<IOException>(Start);
            var token = Path.Combine(folder, "token");
            await File.WriteAllTextAsync(token, "\n");
            Assert.Equal($"read empty token from file \"{token}\"", Assert.Throws<FormatException>(Start).Message);
            await File.WriteAllTextAsync(token, "one\n");
            // Without the cluster's authority the server is nobody.
            using (var client = Start()) await Assert.ThrowsAsync<ReviewException>(() => client.AskAsync([], _clock, default));
            await File.WriteAllBytesAsync(Path.Combine(folder, "ca.crt"), Convert.FromBase64String(_server.CaBundle));
            using (var client = Start())
            {
                Assert.Equal(true, (bool?)(await client.AskAsync([], _clock, default))["allowed"]);
                // Tokens of pods are made anew while they run.
                await File.WriteAllTextAsync(token, "two\n");
                await client.AskAsync([], _clock, default);
            }
            Assert.Equal(["Bearer one", "Bearer two"], seen);
            variables.Remove("KUBERNETES_SERVICE_PORT");
            Assert.Equal("unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined", Assert.Throws<FormatException>(Start).Message);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Kubeconfig_TokenFileThatChanges_IsReadAgain()
    {
        var seen = new List<string>();
        _server.Raw["/access"] = c =>
        {
            lock (seen) seen.Add(c.Request.Headers.Authorization.ToString());
            return c.Response.WriteAsync("""{"status":{"allowed":true}}""");
        };
        var folder = Directory.CreateTempSubdirectory("kubeconfig").FullName;
        try
        {
            var file = Path.Combine(folder, "config");
            // The name of the certificate is another than the address.
            await File.WriteAllTextAsync(file, $$"""
                {"clusters":[{"name":"c","cluster":{"server":"{{Issuer}}/access","certificate-authority-data":"{{_server.CaBundle}}","tls-server-name":"hook.default.svc"} }],
                 "users":[{"name":"u","user":{"token":"fixed","tokenFile":"token"} }],"contexts":[{"name":"x","context":{"cluster":"c","user":"u"} }],"current-context":"x"}
                """);
            using var client = ReviewClient.OfKubeconfig(file);
            foreach (var token in (string[])["one", "two"])
            {
                await File.WriteAllTextAsync(Path.Combine(folder, "token"), token + "\n");
                await client.AskAsync([], _clock, default);
            }
            File.Delete(Path.Combine(folder, "token"));
            await client.AskAsync([], _clock, default);
            Assert.Equal(["Bearer one", "Bearer two", "Bearer two"], seen);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("null")]
    [InlineData("5")]
    [InlineData("\"keys\"")]
    [InlineData("\"ftp://keys.example.com/\"")]
    public async Task Oidc_ProviderThatShowsNoPlaceOfKeys_IsNotBelieved(string place)
    {
        _server.Raw["/.well-known/openid-configuration"] = c => c.Response.WriteAsync($$"""{"issuer":"{{Issuer}}","jwks_uri":{{place}} }""");
        Assert.StartsWith("oidc: verify token: failed to verify signature: fetching keys ", (await Oidc().AuthenticateAsync(Token(), [], default)).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("5", "number")]
    [InlineData("[\"a\",5]", "array")]
    [InlineData("{}", "object")]
    public async Task Oidc_GroupsThatAreNoTexts_AreRefused(string groups, string kind)
    {
        var tokens = Oidc(static m => m["groups"] = new JsonObject { ["claim"] = "groups", ["prefix"] = "" });
        Assert.Equal($"oidc: parse groups claim \"groups\": json: cannot unmarshal {kind} into Go value of type string",
            (await tokens.AuthenticateAsync(Token(c => c["groups"] = JsonNode.Parse(groups)), [], default)).Error);
    }

    private JwtTokens Oidc(Action<JsonObject>? change = null, JsonArray? rules = null, bool trusted = true)
    {
        var mappings = new JsonObject { ["username"] = new JsonObject { ["claim"] = "sub", ["prefix"] = "" } };
        change?.Invoke(mappings);
        var issuer = new JsonObject { ["url"] = Issuer, ["audiences"] = new JsonArray("cluster") };
        if (trusted) issuer["certificateAuthority"] = Encoding.ASCII.GetString(Convert.FromBase64String(_server.CaBundle));
        var jwt = new JsonObject { ["issuer"] = issuer, ["claimMappings"] = mappings, ["claimValidationRules"] = rules ?? [] };
        var tokens = new JwtTokens(i => new OidcTokens(i, OidcTokens.AllAlgorithms, _clock));
        tokens.Use(StructuredFile.Authentication(new JsonObject { ["jwt"] = new JsonArray(jwt) }, []));
        return tokens;
    }

    private ReviewClient Review(string path) => new(new Uri($"{Issuer}{path}"), ReviewClient.Handler(Authorities()));

    private X509Certificate2Collection Authorities()
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(Encoding.ASCII.GetString(Convert.FromBase64String(_server.CaBundle)));
        return authorities;
    }

    private string Token(Action<JsonObject>? change = null, string kid = "k1", RSA? by = null, string algorithm = "RS256")
    {
        var claims = new JsonObject
        {
            ["iss"] = Issuer,
            ["aud"] = "cluster",
            ["sub"] = "jane",
            ["iat"] = _clock.Now.ToUnixTimeSeconds(),
            ["exp"] = _clock.Now.AddHours(1).ToUnixTimeSeconds(),
        };
        change?.Invoke(claims);
        var signed = $"{Encode(new JsonObject { ["alg"] = algorithm, ["kid"] = kid })}.{Encode(claims)}";
        return $"{signed}.{Base64Url.EncodeToString((by ?? _key).SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private static string Encode(JsonObject tree) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(tree.ToJsonString()));

    /// <summary>Waits for nothing.</summary>
    private sealed class HastyClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime == Timeout.InfiniteTimeSpan ? dueTime : TimeSpan.Zero, period);
    }

    /// <summary>Time that the test moves; timers run in real time.</summary>
    private sealed class TestClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
