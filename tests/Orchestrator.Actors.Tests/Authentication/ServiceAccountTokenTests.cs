using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Admission;

namespace Orchestrator.Actors.Tests.Authentication;

/// <summary>Tokens of service accounts from the request to the user, and all that ends them.</summary>
public sealed class ServiceAccountTokenTests
{
    private static readonly ObjectKey Bot = new("default", "bot");

    private readonly TokenIssuance _issuance = new();
    private readonly LocalSigner _signer = new();

    [Fact]
    public async Task Token_IsItsAccount_UntilItExpires()
    {
        var (store, requests, tokens) = await StartAsync();
        var token = await TokenAsync(requests, """{"spec":{"audiences":[],"expirationSeconds":600}}""");

        var user = (await tokens.AuthenticateAsync(token, [], default)).User!;
        Assert.Equal("system:serviceaccount:default:bot", user.Name);
        Assert.Equal(["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"], user.Groups.AsEnumerable());
        Assert.Contains(ServiceAccountClaims.CredentialId, user.Extra);

        store.Clock.Now += TimeSpan.FromSeconds(601);
        Assert.Equal("service account token has expired", (await tokens.AuthenticateAsync(token, [], default)).Error);
    }

    [Fact]
    public async Task Token_ForOthers_IsForThemAlone()
    {
        var (_, requests, tokens) = await StartAsync();
        var token = await TokenAsync(requests, """{"spec":{"audiences":["vault"]}}""");

        Assert.Null((await tokens.AuthenticateAsync(token, [], default)).User);
        var review = await tokens.AuthenticateAsync(token, ["vault", "x"], default);
        Assert.NotNull(review.User);
        Assert.Equal(["vault"], review.Audiences.AsEnumerable());
    }

    [Fact]
    public async Task Token_EndsWithItsPod_AndWithItsAccount()
    {
        var (store, requests, tokens) = await StartAsync();
        await store.PodAsync("p", spec: ",\"serviceAccountName\":\"bot\"");
        var bound = await TokenAsync(requests, """{"spec":{"audiences":[],"boundObjectRef":{"apiVersion":"v1","kind":"Pod","name":"p"}}}""");
        var free = await TokenAsync(requests, """{"spec":{"audiences":[]}}""");
        Assert.Equal("p", (await tokens.AuthenticateAsync(bound, [], default)).User!.Extra["authentication.kubernetes.io/pod-name"].Single());

        await store.Store.DeleteAsync(store.Store.SchemaOf(ResourceTypes.Pods), new ObjectKey("default", "p"), new DeleteOptions { GracePeriodSeconds = 0 });
        Assert.Equal("service account token has been invalidated", (await tokens.AuthenticateAsync(bound, [], default)).Error);
        Assert.NotNull((await tokens.AuthenticateAsync(free, [], default)).User);

        await store.Store.DeleteAsync(store.Store.SchemaOf(ResourceTypes.ServiceAccounts), Bot, new DeleteOptions());
        await store.CreateAsync(ResourceTypes.ServiceAccounts, "default", """{"metadata":{"name":"bot"}}""");
        Assert.Contains("does not match claim", (await tokens.AuthenticateAsync(free, [], default)).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"spec":{"audiences":[],"expirationSeconds":599}}""", "spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes")]
    [InlineData("""{"spec":{"audiences":[],"expirationSeconds":4294967297}}""", "may not specify a duration larger than 2^32 seconds")]
    [InlineData("""{"spec":{"audiences":[],"boundObjectRef":{"apiVersion":"v1","kind":"Pod","name":"none"}}}""", "pods \"none\" not found")]
    [InlineData("""{"spec":{"audiences":[],"boundObjectRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"d"}}}""", "cannot bind token to object of type apps/v1, Kind=Deployment")]
    public async Task Request_ThatCannotBe_SaysWhy(string json, string expected)
    {
        var (_, requests, _) = await StartAsync();
        var (_, error) = await requests.CreateAsync(Bot, JsonNode.Parse(json)!.AsObject(), dryRun: false, default);
        Assert.Contains(expected, error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_OfAnotherKey_OrChanged_IsNotBelieved()
    {
        var (_, requests, tokens) = await StartAsync();
        var token = await TokenAsync(requests, """{"spec":{"audiences":[]}}""");
        var parts = token.Split('.');
        var forged = new TokenSigningKey(TokenSigningKey.Create()).Sign(new JsonObject { ["iss"] = _issuance.Issuer, ["sub"] = "system:serviceaccount:default:bot" });

        Assert.Equal("invalid bearer token", (await tokens.AuthenticateAsync(forged, [], default)).Error);
        Assert.Null((await tokens.AuthenticateAsync($"{parts[0]}.{parts[1]}.{parts[2][..^4]}AAAA", [], default)).User);
        Assert.Equal(TokenResult.Unknown, await tokens.AuthenticateAsync("not-a-token", [], default));
    }

    private async Task<(StoreFixture Store, TokenRequests Requests, ServiceAccountTokens Tokens)> StartAsync()
    {
        var store = await StoreFixture.WithNamespaceAsync();
        Assert.Null((await store.CreateAsync(ResourceTypes.ServiceAccounts, "default", """{"metadata":{"name":"bot"}}""")).Error);
        return (store, new TokenRequests(store.Registries, _signer, _issuance, store.Identities, store.Clock), new ServiceAccountTokens(_signer, store.Registries, _issuance, store.Clock));
    }

    private static async Task<string> TokenAsync(TokenRequests requests, string json)
    {
        var (tree, error) = await requests.CreateAsync(Bot, JsonNode.Parse(json)!.AsObject(), dryRun: false, default);
        Assert.Null(error);
        return (string)tree!["status"]!["token"]!;
    }
}
