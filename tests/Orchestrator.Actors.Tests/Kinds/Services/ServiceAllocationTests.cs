using System.Text.Json.Nodes;
using Orchestrator.Actors.Kinds.Services;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
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
        Assert.All(made, r => Assert.True(ServiceAllocation.Network.Contains(System.Net.IPAddress.Parse((string)SpecOf(r.Object)["clusterIP"]!))));
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
        Assert.InRange((int)nodePort["ports"]![0]!["nodePort"]!, ServiceAllocation.NodePortMin, ServiceAllocation.NodePortMax);
        Assert.Equal(ip, (string?)nodePort["clusterIP"]);
        Assert.Null((await ChangeTypeAsync(fixture, "ClusterIP"))["ports"]![0]!["nodePort"]);
        Assert.Null((await ChangeTypeAsync(fixture, "ExternalName"))["clusterIP"]);
        Assert.NotNull((await ChangeTypeAsync(fixture, "ClusterIP"))["clusterIP"]);
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
