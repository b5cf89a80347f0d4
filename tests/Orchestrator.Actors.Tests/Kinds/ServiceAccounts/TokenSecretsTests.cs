using System.Text;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Kinds.ServiceAccounts;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Admission;
using Orchestrator.Actors.Tests.Authentication;

namespace Orchestrator.Actors.Tests.Kinds.ServiceAccounts;

/// <summary>Secrets that ask for a token get one, which is good for as long as they hold it.</summary>
public sealed class TokenSecretsTests
{
    private const string Secret = """{"metadata":{"name":"bot-token","annotations":{"kubernetes.io/service-account.name":"bot"}},"type":"kubernetes.io/service-account-token"}""";
    private static readonly ObjectKey Key = new("default", "bot-token");
    private readonly LocalSigner _signer = new();

    [Fact]
    public async Task Secret_IsFilled_AndItsTokenLetsIn_UntilItIsReplaced()
    {
        var (store, secrets, tokens) = await StartAsync();
        await CreateAsync(store, ResourceTypes.ServiceAccounts, """{"metadata":{"name":"bot"}}""");
        await CreateAsync(store, ResourceTypes.Secrets, Secret);

        Assert.Null(await secrets.SyncAsync(Key));
        var tree = (await store.Store.GetAsync(ResourceTypes.Secrets, Key))!.ToTree();
        Assert.Equal(("the authority", "default"), (Entry(tree, "ca.crt"), Entry(tree, "namespace")));
        var account = (await store.Store.GetAsync(ResourceTypes.ServiceAccounts, new ObjectKey("default", "bot")))!;
        Assert.Equal(account.Meta.Uid, (string?)tree["metadata"]!["annotations"]!["kubernetes.io/service-account.uid"]);
        var token = Entry(tree, "token");
        Assert.Equal("system:serviceaccount:default:bot", (await tokens.AuthenticateAsync(token, [], default)).User!.Name);

        // Nothing is written a second time; what is taken out is put in again, and the former token ends with that.
        var revision = (await store.Store.GetAsync(ResourceTypes.Secrets, Key))!.Revision;
        Assert.Null(await secrets.SyncAsync(Key));
        Assert.Equal(revision, (await store.Store.GetAsync(ResourceTypes.Secrets, Key))!.Revision);
        await store.Store.PatchAsync(store.Store.SchemaOf(ResourceTypes.Secrets), Key, static t =>
        {
            t["data"]!.AsObject().Remove("token");
            return (t, null);
        });
        Assert.Equal("token does not match server's copy", (await tokens.AuthenticateAsync(token, [], default)).Error);
        Assert.Null(await secrets.SyncAsync(Key));
        var fresh = Entry((await store.Store.GetAsync(ResourceTypes.Secrets, Key))!.ToTree(), "token");
        Assert.NotNull((await tokens.AuthenticateAsync(fresh, [], default)).User);
    }

    [Fact]
    public async Task Secret_TellsTheDayOfTheLastUseOfItsToken_AndMayBeMarkedAsInvalid()
    {
        var (store, secrets, tokens) = await StartAsync();
        await CreateAsync(store, ResourceTypes.ServiceAccounts, """{"metadata":{"name":"bot"}}""");
        await CreateAsync(store, ResourceTypes.Secrets, Secret);
        Assert.Null(await secrets.SyncAsync(Key));
        var token = Entry((await store.Store.GetAsync(ResourceTypes.Secrets, Key))!.ToTree(), "token");

        Assert.NotNull((await tokens.AuthenticateAsync(token, [], default)).User);
        var used = (await store.Store.GetAsync(ResourceTypes.Secrets, Key))!;
        Assert.Equal("2026-01-02", used.Meta.Labels["kubernetes.io/legacy-token-last-used"]);
        Assert.NotNull((await tokens.AuthenticateAsync(token, [], default)).User);
        Assert.Equal(used.Revision, (await store.Store.GetAsync(ResourceTypes.Secrets, Key))!.Revision);

        store.Clock.Now += TimeSpan.FromDays(1);
        await store.Store.PatchAsync(store.Store.SchemaOf(ResourceTypes.Secrets), Key, static t =>
        {
            t["metadata"]!["labels"]!["kubernetes.io/legacy-token-invalid-since"] = "2026-01-02";
            return (t, null);
        });
        Assert.StartsWith("the token in secret default/bot-token for service account default/bot has been marked invalid.", (await tokens.AuthenticateAsync(token, [], default)).Error, StringComparison.Ordinal);
        Assert.Equal("2026-01-03", (await store.Store.GetAsync(ResourceTypes.Secrets, Key))!.Meta.Labels["kubernetes.io/legacy-token-last-used"]);
    }

    [Fact]
    public async Task Secret_OfAnAccountThatIsNot_OrIsAnother_Goes()
    {
        var (store, secrets, tokens) = await StartAsync();
        await CreateAsync(store, ResourceTypes.ServiceAccounts, """{"metadata":{"name":"bot"}}""");
        await CreateAsync(store, ResourceTypes.Secrets, Secret);
        await secrets.SyncAsync(Key);
        var token = Entry((await store.Store.GetAsync(ResourceTypes.Secrets, Key))!.ToTree(), "token");
        await store.Store.DeleteAsync(store.Store.SchemaOf(ResourceTypes.ServiceAccounts), new ObjectKey("default", "bot"), new DeleteOptions());
        await CreateAsync(store, ResourceTypes.ServiceAccounts, """{"metadata":{"name":"bot"}}""");

        Assert.Null(await secrets.SyncAsync(Key));
        Assert.Null(await store.Store.GetAsync(ResourceTypes.Secrets, Key));
        Assert.Null((await tokens.AuthenticateAsync(token, [], default)).User);

        await CreateAsync(store, ResourceTypes.Secrets, Secret.Replace("\"bot\"", "\"nobody\"", StringComparison.Ordinal));
        Assert.Null(await secrets.SyncAsync(Key));
        Assert.Null(await store.Store.GetAsync(ResourceTypes.Secrets, Key));
    }

    [Fact]
    public async Task OtherSecrets_AreLeftAlone()
    {
        var (store, secrets, _) = await StartAsync();
        await CreateAsync(store, ResourceTypes.Secrets, """{"metadata":{"name":"bot-token","annotations":{"kubernetes.io/service-account.name":"bot"}},"stringData":{"type":"kubernetes.io/service-account-token"}}""");
        Assert.Null(await secrets.SyncAsync(Key));
        Assert.NotNull(await store.Store.GetAsync(ResourceTypes.Secrets, Key));
    }

    private async Task<(StoreFixture, TokenSecrets, ServiceAccountTokens)> StartAsync()
    {
        var store = await StoreFixture.WithNamespaceAsync();
        return (store, new TokenSecrets(store.Store, _signer, "the authority"), new ServiceAccountTokens(_signer, store.Registries, new TokenIssuance(), store.Clock));
    }

    private static async Task CreateAsync(StoreFixture store, ResourceType type, string json) => Assert.Null((await store.CreateAsync(type, "default", json)).Error);

    private static string Entry(JsonObject secret, string name) => Encoding.UTF8.GetString(Convert.FromBase64String((string)secret["data"]![name]!));
}
