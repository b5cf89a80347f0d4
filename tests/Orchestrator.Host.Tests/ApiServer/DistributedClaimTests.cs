using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;
using Orchestrator.Host.ApiServer;
using Orchestrator.Host.ApiServer.Configuration;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>Groups that a token does not hold but names a place for.</summary>
public sealed class DistributedClaimTests : IAsyncLifetime
{
    private WebhookServer _server = null!;
    private OidcIssuer _issuer = null!;
    private OidcIssuer _directory = null!;
    private readonly List<string> _asked = [];
    private string _answer = "";

    public async Task InitializeAsync()
    {
        _server = await WebhookServer.StartAsync();
        _issuer = new OidcIssuer(_server, "/issuer").Start();
        _directory = new OidcIssuer(_server, "/directory").Start();
        _server.Raw["/claims"] = c =>
        {
            lock (_asked) _asked.Add(c.Request.Headers.Authorization.ToString());
            if (_answer.Length == 0) c.Response.StatusCode = 403;
            return c.Response.WriteAsync(_answer);
        };
    }

    public async Task DisposeAsync()
    {
        _issuer.Dispose();
        _directory.Dispose();
        await _server.DisposeAsync();
    }

    private string Place => new Uri(_server.Url, "/claims").ToString();

    [Fact]
    public async Task Groups_AreFetchedFromWhereTheTokenSays_AsTheirIssuerSignedThem()
    {
        var tokens = Tokens();
        _answer = _directory.Token(new JsonObject { ["groups"] = new JsonArray("dev", "ops") }) + "\n";
        foreach (var key in (string?[])["secret", null])
        {
            var user = (await tokens.AuthenticateAsync(_issuer.Token(Claims(key)), [], default)).User!;
            Assert.Equal(["g:dev", "g:ops", "system:authenticated"], user.Groups.AsEnumerable());
        }
        Assert.Equal(["Bearer secret", ""], _asked);
        // The keys of who signs groups are remembered.
        Assert.Equal(1, _directory.KeyFetches);

        // Rules see them as if the token held them.
        var wary = Tokens("claims.groups.all(g, g != 'ops')");
        Assert.Contains("claims.groups.all(g, g != 'ops')", (await wary.AuthenticateAsync(_issuer.Token(Claims(null)), [], default)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_ThatHoldsItsGroups_OrNamesNoPlace_AsksNobody()
    {
        var tokens = Tokens();
        var both = Claims("secret");
        both["groups"] = "own";
        Assert.Equal(["g:own", "system:authenticated"], (await tokens.AuthenticateAsync(_issuer.Token(both), [], default)).User!.Groups.AsEnumerable());
        foreach (var change in (Action<JsonObject>[])
        [
            static c => c["_claim_names"] = new JsonObject { ["roles"] = "src" },
            static c => c["_claim_names"] = null,
            static c => c["_claim_sources"]!["src"]!["endpoint"] = "",
            static c => c["_claim_sources"]!["src"] = new JsonObject { ["JWT"] = "a.b.c" },
        ])
        {
            var claims = Claims("secret");
            change(claims);
            Assert.Equal(["system:authenticated"], (await tokens.AuthenticateAsync(_issuer.Token(claims), [], default)).User!.Groups.AsEnumerable());
        }
        // And who configures no claim for groups has no use for the place.
        Assert.NotNull((await Tokens(groups: null).AuthenticateAsync(_issuer.Token(Claims("secret")), [], default)).User);
        Assert.Empty(_asked);
    }

    [Fact]
    public async Task Groups_ThatCannotBeHad_TurnTheTokenAway()
    {
        var tokens = Tokens();
        async Task<string> ErrorAsync(string answer, Action<JsonObject>? change = null)
        {
            _answer = answer;
            var claims = Claims("secret");
            change?.Invoke(claims);
            var result = await tokens.AuthenticateAsync(_issuer.Token(claims), [], default);
            Assert.Null(result.User);
            Assert.StartsWith("oidc: could not expand distributed claims: ", result.Error, StringComparison.Ordinal);
            return result.Error["oidc: could not expand distributed claims: ".Length..];
        }

        Assert.StartsWith("oidc: error parsing distributed claim names: ", await ErrorAsync("", static c => c["_claim_names"] = new JsonArray()), StringComparison.Ordinal);
        Assert.Equal("oidc: no claim sources", await ErrorAsync("", static c => c.Remove("_claim_sources")));
        Assert.StartsWith("oidc: could not parse claim sources: ", await ErrorAsync("", static c => c["_claim_sources"] = new JsonObject { ["src"] = 5 }), StringComparison.Ordinal);
        Assert.Equal("id token _claim_names contained a source other missing in _claims_sources", await ErrorAsync("", static c => c["_claim_names"]!["groups"] = "other"));
        Assert.Equal("while getting distributed claim \"groups\": error while getting distributed claim JWT: 403 Forbidden", await ErrorAsync(""));
        Assert.StartsWith("while getting distributed claim \"groups\": ", await ErrorAsync("x", static c => c["_claim_sources"]!["src"]!["endpoint"] = "nowhere"), StringComparison.Ordinal);
        Assert.Equal($"getting untrusted issuer from endpoint {Place} failed for claim \"groups\": malformed token", await ErrorAsync("no token"));
        Assert.Equal($"jwt returned by distributed claim endpoint \"{Place}\" did not contain claim: groups", await ErrorAsync(_directory.Token([])));
        Assert.Equal("verify distributed claim token: oidc: expected audience \"cluster\" got [\"other\"]",
            await ErrorAsync(_directory.Token(new JsonObject { ["groups"] = "dev" }, "other")));
        Assert.Equal("while getting distributed claim \"groups\": Get \"https://127.0.0.1:1/claims\": dial tcp 127.0.0.1:1: connect: connection refused",
            await ErrorAsync("x", static c => c["_claim_sources"]!["src"]!["endpoint"] = "https://127.0.0.1:1/claims"));
        // Nobody vouches for the third, for it does not even say who it is; the fourth says it and shows no keys.
        using var third = new OidcIssuer(_server, "/third");
        for (var i = 0; i < 2; i++)
            Assert.Equal($"verifying untrusted issuer {third.Url} failed: verifier not initialized for issuer: \"{third.Url}\"", await ErrorAsync(third.Token(new JsonObject { ["groups"] = "dev" })));
        using var fourth = new OidcIssuer(_server, "/fourth");
        _server.Raw["/fourth/.well-known/openid-configuration"] = c => c.Response.WriteAsync(new JsonObject { ["issuer"] = fourth.Url, ["jwks_uri"] = fourth.Url + "/none" }.ToJsonString());
        Assert.StartsWith("verify distributed claim token: failed to verify signature: fetching keys ", await ErrorAsync(fourth.Token(new JsonObject { ["groups"] = "dev" })), StringComparison.Ordinal);
    }

    private JsonObject Claims(string? accessToken)
    {
        var source = new JsonObject { ["endpoint"] = Place };
        if (accessToken is not null) source["access_token"] = accessToken;
        return new JsonObject { ["sub"] = "jane", ["_claim_names"] = new JsonObject { ["groups"] = "src" }, ["_claim_sources"] = new JsonObject { ["src"] = source } };
    }

    private JwtTokens Tokens(string? rule = null, string? groups = "groups")
    {
        var mappings = new JsonObject { ["username"] = new JsonObject { ["claim"] = "sub", ["prefix"] = "" } };
        if (groups is not null) mappings["groups"] = new JsonObject { ["claim"] = groups, ["prefix"] = "g:" };
        var jwt = new JsonObject
        {
            ["issuer"] = new JsonObject { ["url"] = _issuer.Url, ["audiences"] = new JsonArray("cluster"), ["certificateAuthority"] = _issuer.Authority },
            ["claimMappings"] = mappings,
            ["claimValidationRules"] = rule is null ? [] : new JsonArray(new JsonObject { ["expression"] = rule }),
        };
        var tokens = new JwtTokens(static i => new OidcTokens(i, OidcTokens.AllAlgorithms, TimeProvider.System));
        tokens.Use(StructuredFile.Authentication(new JsonObject { ["jwt"] = new JsonArray(jwt) }, []));
        return tokens;
    }
}
