using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Kinds.Services;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Tests.Admission;

namespace Orchestrator.Actors.Tests.Kinds.Services;

public sealed class ServiceAllocationTests
{
    private static readonly ResourceType Services = ResourceTypes.Services;

    private static string Body(string name, string spec = "") => $$$"""{"metadata":{"name":"{{{name}}}"},"spec":{"ports":[{"port":80}]{{{spec}}}}}""";

    private static JsonObject SpecOf(StoredObject? o) => o!.ToTree()["spec"]!.AsObject();

    [Fact]
    public async Task Create_ManyAtOnce_NoAddressAndNoNodePortIsGivenTwice()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();

        var made = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(() => fixture.CreateAsync(Services, "default", Body($"s{i}", ",\"type\":\"NodePort\"")))));

        Assert.All(made, r => Assert.Null(r.Error));
        Assert.Equal(200, made.Select(r => (string)SpecOf(r.Object)["clusterIP"]!).Distinct().Count());
        Assert.Equal(200, made.Select(r => (int)SpecOf(r.Object)["ports"]![0]!["nodePort"]!).Distinct().Count());
        Assert.All(made, r => Assert.True(ServiceRanges.Default.Addresses.Contains(System.Net.IPAddress.Parse((string)SpecOf(r.Object)["clusterIP"]!))));
    }

    [Theory]
    [InlineData(",\"clusterIP\":\"10.96.0.7\"", "provided IP is already allocated")]
    [InlineData(",\"clusterIP\":\"192.168.0.1\"", "is not in the valid range")]
    [InlineData(",\"type\":\"NodePort\",\"ports\":[{\"port\":80,\"nodePort\":30080}]", "provided port is already allocated")]
    [InlineData(",\"type\":\"NodePort\",\"ports\":[{\"port\":80,\"nodePort\":80}]", "provided port is not in the valid range")]
    public async Task Create_ChosenByTheClient_IsRefusedWhenTakenOrOutOfRange(string spec, string message)
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        Assert.Null((await fixture.CreateAsync(Services, "default",
            """{"metadata":{"name":"first"},"spec":{"type":"NodePort","clusterIP":"10.96.0.7","ports":[{"port":80,"nodePort":30080}]}}""")).Error);
        var body = JsonNode.Parse($$$"""{"metadata":{"name":"second"},"spec":{ {{{spec.TrimStart(',')}}} }}""")!.AsObject();
        body["spec"]!["ports"] ??= JsonNode.Parse("""[{"port":80}]""");

        var result = await fixture.CreateAsync(Services, "default", body.ToJsonString());

        Assert.Equal(422, result.Error?.Code);
        Assert.Contains(message, result.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ranges_OtherThanTheDefault_AreGivenOf_AndWhatAServiceHasItKeeps()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        Assert.Null((await fixture.CreateAsync(Services, "default", Body("s", ",\"type\":\"NodePort\""))).Error);
        Assert.True(ServiceRanges.TryParseAddresses("10.0.0.9/28", out var addresses));
        var moved = new ResourceStore(fixture.Registries, static () => SchemaCatalog.BuiltIn, fixture.Clock, fixture.Identities)
        { ServiceRanges = new ServiceRanges(addresses, 100, 101) };

        var first = await CreateAsync("first", ",\"clusterIP\":\"10.0.0.12\"");
        var second = await CreateAsync("second", ",\"type\":\"NodePort\"");
        var labelled = await moved.PatchAsync(moved.SchemaOf(Services), new ObjectKey("default", "s"), static tree =>
        {
            tree["metadata"]!["labels"] = new JsonObject { ["a"] = "b" };
            return (tree, null);
        });

        Assert.Equal("10.0.0.1", moved.ServiceRanges.ApiServerAddress.ToString());
        Assert.Equal("10.0.0.12", (string?)SpecOf(first.Object)["clusterIP"]);
        Assert.True(addresses.Contains(System.Net.IPAddress.Parse((string)SpecOf(second.Object)["clusterIP"]!)));
        Assert.InRange((int)SpecOf(second.Object)["ports"]![0]!["nodePort"]!, 100, 101);
        Assert.Null(labelled.Error);
        Assert.Contains("The range of valid IPs is 10.0.0.0/28", (await CreateAsync("old", ",\"clusterIP\":\"10.96.0.7\"")).Error?.Message, StringComparison.Ordinal);

        Task<StoreResult> CreateAsync(string name, string spec) =>
            moved.CreateAsync(moved.SchemaOf(Services), "default", JsonNode.Parse(Body(name, spec))!.AsObject());
    }

    [Theory]
    [InlineData("10.0.0.0/24", true)]
    [InlineData("10.96.0.0/12", true)]
    [InlineData("10.0.0.0", false)]
    [InlineData("10.0.0.0/30", false)]
    [InlineData("10.0.0.0/8", false)]
    [InlineData("fd00::/112", false)]
    [InlineData("x/24", false)]
    public void Addresses_AreReadOrRefused(string text, bool expected) => Assert.Equal(expected, ServiceRanges.TryParseAddresses(text, out _));

    [Theory]
    [InlineData("30000-32767", true)]
    [InlineData("80-80", true)]
    [InlineData("0-80", false)]
    [InlineData("90-80", false)]
    [InlineData("1-65536", false)]
    [InlineData("1", false)]
    public void Ports_AreReadOrRefused(string text, bool expected) => Assert.Equal(expected, ServiceRanges.TryParsePorts(text, out _, out _));

    [Fact]
    public async Task Create_WithoutNeed_GetsNothing()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        Assert.Equal("None", (string?)SpecOf((await fixture.CreateAsync(Services, "default", Body("h", ",\"clusterIP\":\"None\""))).Object)["clusterIP"]);
        Assert.Null(SpecOf((await fixture.CreateAsync(Services, "default", """{"metadata":{"name":"e"},"spec":{"type":"ExternalName","externalName":"a.b"}}""")).Object)["clusterIP"]);
    }

    [Fact]
    public async Task Update_OfTheTypeAlone_GivesAndTakesWhatBelongsToIt()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        var made = await fixture.CreateAsync(Services, "default", Body("s"));
        var ip = (string?)SpecOf(made.Object)["clusterIP"];

        var nodePort = await ChangeTypeAsync(fixture, "NodePort");
        Assert.InRange((int)nodePort["ports"]![0]!["nodePort"]!, ServiceRanges.Default.NodePortMin, ServiceRanges.Default.NodePortMax);
        Assert.Equal(ip, (string?)nodePort["clusterIP"]);
        Assert.Null((await ChangeTypeAsync(fixture, "ClusterIP"))["ports"]![0]!["nodePort"]);
        Assert.Null((await ChangeTypeAsync(fixture, "ExternalName"))["clusterIP"]);
        Assert.NotNull((await ChangeTypeAsync(fixture, "ClusterIP"))["clusterIP"]);
    }

    [Theory]
    [InlineData("None", "10.96.0.9")]
    [InlineData("10.96.0.9", "None")]
    public async Task Update_OfTheAddressAlone_IsRefusedForThatAndNothingElse(string before, string after)
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        Assert.Null((await fixture.CreateAsync(Services, "default", Body("s", $",\"clusterIP\":\"{before}\""))).Error);

        var result = await fixture.Store.PatchAsync(fixture.Store.SchemaOf(Services), new ObjectKey("default", "s"), tree =>
        {
            tree["spec"]!["clusterIP"] = after;
            return (tree, null);
        });

        Assert.Equal($"Service \"s\" is invalid: spec.clusterIPs[0]: Invalid value: []string{{\"{after}\"}}: may not change once set", result.Error?.Message);
    }

    [Fact]
    public void Decide_ClaimOfADeletedService_IsFreeAgain()
    {
        var state = new RegistryState(Services);
        state.Apply(state.Decide(new CreateObject(new ObjectKey("d", "a"), Claiming("a"))).Event!);
        Assert.Equal("Conflict", state.Decide(new CreateObject(new ObjectKey("d", "b"), Claiming("b"))).Result.Error?.Reason);
        state.Apply(state.Decide(new RemoveObject(new ObjectKey("d", "a"))).Event!);
        Assert.Null(state.Decide(new CreateObject(new ObjectKey("d", "b"), Claiming("b"))).Result.Error);
    }

    private static UncommittedJson Claiming(string name) =>
        UncommittedJson.From(JsonNode.Parse($$$"""{"metadata":{"name":"{{{name}}}","namespace":"d"},"spec":{"clusterIPs":["10.96.0.9"]}}""")!.AsObject());

    private static async Task<JsonObject> ChangeTypeAsync(StoreFixture fixture, string type)
    {
        var result = await fixture.Store.PatchAsync(fixture.Store.SchemaOf(Services), new ObjectKey("default", "s"), tree =>
        {
            tree["spec"]!["type"] = type;
            if (type == "ExternalName") tree["spec"]!["externalName"] = "a.b";
            else tree["spec"]!.AsObject().Remove("externalName");
            return (tree, null);
        });
        Assert.Null(result.Error);
        return SpecOf(result.Object);
    }
}
