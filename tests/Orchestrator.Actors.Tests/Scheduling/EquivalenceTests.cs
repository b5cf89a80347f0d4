using System.Text;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Scheduling;

/// <summary>Pods that the scheduler's rules cannot tell apart share their answers.</summary>
public sealed class EquivalenceTests
{
    private const string Spec = """{"containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"1"}}}],"volumes":[{"name":"kube-api-access-aaaaa"}]}""";

    [Theory]
    [InlineData("kube-api-access-aaaaa", "kube-api-access-bbbbb", true)]
    [InlineData("\"cpu\":\"1\"", "\"cpu\":\"2\"", false)]
    [InlineData("\"image\":\"i\"", "\"image\":\"j\"", false)]
    [InlineData("\"name\":\"c\"", "\"name\":\"d\"", true)]
    [InlineData("{\"containers\"", "{\"nodeSelector\":{\"a\":\"b\"},\"containers\"", false)]
    [InlineData("{\"containers\"", "{\"hostNetwork\":true,\"containers\"", false)]
    public void Spec_CountsAsFarAsTheRulesReadIt(string part, string other, bool equal) =>
        Assert.Equal(equal, Key(Spec) == Key(Spec.Replace(part, other, StringComparison.Ordinal)));

    [Fact]
    public void Metadata_CountsByNamespaceLabelsAndOwner()
    {
        Assert.Equal(Key(Spec, name: "a"), Key(Spec, name: "b"));
        Assert.NotEqual(Key(Spec), Key(Spec, ns: "other"));
        Assert.NotEqual(Key(Spec), Key(Spec, meta: ""","labels":{"app":"x"}"""));
        Assert.NotEqual(Key(Spec, meta: Owner("u1")), Key(Spec, meta: Owner("u2")));
    }

    private static string Owner(string uid) =>
        $$""","ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"r","uid":"{{uid}}","controller":true}]""";

    private static string Key(string spec, string name = "p", string ns = "default", string meta = "") =>
        PodView.Of(new StoredObject(new ObjectKey(ns, name), 1, Encoding.UTF8.GetBytes(
            $$$"""{"metadata":{"name":"{{{name}}}","namespace":"{{{ns}}}","resourceVersion":"1"{{{meta}}}},"spec":{{{spec}}}}"""))).EquivalenceKey;
}
