using System.Text;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Kinds.Pods;

/// <summary>A pod is read the same whether its spec is new or one that was read before.</summary>
public sealed class PodViewTests
{
    private const string Spec = """
        {"containers":[{"name":"c","image":"view-test","resources":{"requests":{"cpu":"250m"}},"ports":[{"containerPort":80,"name":"http"}]}],
         "volumes":[{"name":"data","ephemeral":{"volumeClaimTemplate":{}}},{"name":"shared","persistentVolumeClaim":{"claimName":"claim"}}],"priority":7,"schedulerName":"other"}
        """;

    [Fact]
    public void Spec_ThatManyPodsHave_IsReadForEach()
    {
        for (var i = 0; i < 6; i++)
        {
            var name = $"pod-{i}";
            var metadata = $$""" "metadata":{"name":"{{name}}","namespace":"default","uid":"u-{{i}}","resourceVersion":"{{i + 1}}","labels":{"n":"{{i % 2}}"} }""";
            var status = $$""" "status":{"phase":"Running","podIP":"10.0.0.{{i}}"}""";
            // Fields may stand in any order, and spec be the last.
            var pod = View(name, (i % 3) switch
            {
                0 => $$"""{ {{metadata}}, "spec":{{Spec}},{{status}} }""",
                1 => $$"""{ {{status}}, "spec":{{Spec}} , {{metadata}} }""",
                _ => $$"""{ {{metadata}}, {{status}}, "spec":{{Spec}}}""",
            });

            Assert.Equal((name, $"u-{i}", $"{i % 2}"), (pod.Meta.Name, pod.Uid, pod.Meta.Labels["n"]));
            Assert.Equal(("Running", $"10.0.0.{i}"), (pod.Phase, pod.PodIP));
            Assert.Equal((7, "other", "view-test", 250), (pod.Priority, pod.SchedulerName, Assert.Single(pod.Images), pod.Requests.CpuMilli));
            Assert.Equal(("http", 80), (Assert.Single(pod.Ports).Name, pod.Ports[0].ContainerPort));
            Assert.Equal([new PodClaim($"{name}-data", true), new PodClaim("claim", false)], pod.Claims.AsEnumerable());
        }
    }

    [Fact]
    public void EquivalenceKey_OfOneSpec_FollowsTheMetadata()
    {
        var keys = Enumerable.Range(0, 12).Select(i => View($"p-{i}",
            $$$"""{"metadata":{"name":"p-{{{i}}}","namespace":"default","labels":{"n":"{{{i % 3}}}"}},"spec":{"containers":[{"name":"c","image":"key-test"}]}}""").EquivalenceKey).ToList();
        Assert.Equal(3, keys.Distinct().Count());
        for (var i = 3; i < keys.Count; i++) Assert.Equal(keys[i - 3], keys[i]);
        Assert.Empty(View("p", """{"metadata":{"name":"p"},"spec":{"nodeName":"n","containers":[{"name":"c","image":"key-test"}]}}""").EquivalenceKey);
    }

    private static PodView View(string name, string json) => PodView.Of(new StoredObject(new ObjectKey("default", name), 1, Encoding.UTF8.GetBytes(json)));
}
