using System.Text;
using System.Text.Json.Nodes;

namespace Orchestrator.Kubectl.Tests;

/// <summary>What kubectl deletes: when it goes, what it waits for, and what it takes along.</summary>
public sealed class DeletionTests(HollowCluster cluster) : IClassFixture<HollowCluster>
{
    private const string Pods = "-o=jsonpath={.items[*].metadata.name}";

    [SkippableFact]
    public async Task Claim_InUse_WaitsForItsPod()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        // The scheduler waits for the claim's volume.
        await kubectl.ApplyAsync($$$"""{"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"{{{kubectl.Namespace}}}"},"spec":{"capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],"hostPath":{"path":"/tmp"},"claimRef":{"namespace":"{{{kubectl.Namespace}}}","name":"data"} } }""");
        await kubectl.ApplyAsync("""{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"storageClassName":"","resources":{"requests":{"storage":"1Gi"}}}}""");
        await kubectl.ApplyAsync("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"c","image":"i"}],"volumes":[{"name":"d","persistentVolumeClaim":{"claimName":"data"}}]}}""");
        await kubectl.RunAsync("wait", "pod/p", "--for=jsonpath={.spec.nodeName}=node-1", "--timeout=60s");
        await kubectl.RunAsync("delete", "pvc", "data", "--wait=false");
        Assert.Contains("Terminating", await kubectl.RunAsync("get", "pvc", "data"), StringComparison.Ordinal);
        Assert.Equal("""["kubernetes.io/pvc-protection"]""", await kubectl.FieldAsync("pvc", "data", ".metadata.finalizers"));

        await kubectl.RunAsync("delete", "pod", "p", "--timeout=60s");
        await kubectl.RunAsync("wait", "pvc/data", "--for=delete", "--timeout=60s");
    }

    [SkippableFact]
    public async Task Namespace_SaysWhatItWaitsFor_AndGoesWhenThatIsGone()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        var group = $"{kubectl.Namespace}.example.com";
        await kubectl.ApplyAsync($$$"""
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"things.{{{group}}}"},
             "spec":{"group":"{{{group}}}","scope":"Namespaced","names":{"plural":"things","singular":"thing","kind":"Thing"},
             "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true} } }]} }
            """);
        await kubectl.RunAsync("wait", $"crd/things.{group}", "--for=condition=Established", "--timeout=60s");
        await kubectl.ApplyAsync($$$"""{"apiVersion":"{{{group}}}/v1","kind":"Thing","metadata":{"name":"t","finalizers":["example.com/x"]}}""");
        await kubectl.ApplyAsync("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","finalizers":["example.com/y"]}}""");
        await kubectl.RunAsync("create", "deployment", "web", "--image=i", "--replicas=2");
        await kubectl.RunAsync("rollout", "status", "deployment/web", "--timeout=60s");

        await kubectl.RunAsync("delete", "namespace", kubectl.Namespace, "--wait=false");
        await kubectl.RunAsync("wait", $"namespace/{kubectl.Namespace}", "--for=condition=NamespaceFinalizersRemaining", "--timeout=60s");
        // Said of what is seen so far, and again when more is seen.
        await kubectl.RunAsync("wait", $"namespace/{kubectl.Namespace}", "--timeout=60s",
            $"--for=jsonpath={{.status.conditions[?(@.type==\"NamespaceContentRemaining\")].message}}=Some resources are remaining: configmaps. has 1 resource instances, things.{group} has 1 resource instances");
        Assert.Equal("Some content in the namespace has finalizers remaining: example.com/x in 1 resource instances, example.com/y in 1 resource instances", await MessageAsync(kubectl, "NamespaceFinalizersRemaining"));
        Assert.Contains("because it is being terminated", (await kubectl.TryAsync("create", "configmap", "late")).Error, StringComparison.Ordinal);

        const string Free = """{"metadata":{"finalizers":null}}""";
        await kubectl.RunAsync("patch", $"things.{group}", "t", "--type=merge", "-p", Free);
        await kubectl.RunAsync("patch", "configmap", "c", "--type=merge", "-p", Free);
        await kubectl.RunAsync("wait", $"namespace/{kubectl.Namespace}", "--for=delete", "--timeout=60s");
        await kubectl.RunAsync("delete", "crd", $"things.{group}", "--timeout=60s");
    }

    [SkippableFact]
    public async Task Namespace_WithPods_IsDeletedByOneCommand()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.RunAsync("create", "deployment", "web", "--image=i", "--replicas=3");
        await kubectl.RunAsync("expose", "deployment", "web", "--port=80");
        await kubectl.RunAsync("rollout", "status", "deployment/web", "--timeout=60s");
        Assert.Contains("deleted", await kubectl.RunAsync("delete", "namespace", kubectl.Namespace, "--timeout=90s"), StringComparison.Ordinal);
        Assert.Contains("NotFound", (await kubectl.TryAsync("get", "namespace", kubectl.Namespace)).Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task All_AndBySelector()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        foreach (var (name, label) in ((string, string)[])[("a", "x"), ("b", "x"), ("c", "y")])
        {
            await kubectl.RunAsync("create", "configmap", name);
            await kubectl.RunAsync("label", "configmap", name, $"app={label}");
        }
        Assert.Contains("(server dry run)", await kubectl.RunAsync("delete", "configmaps", "-l", "app=x", "--dry-run=server"), StringComparison.Ordinal);
        await kubectl.RunAsync("delete", "configmaps", "--field-selector=metadata.name=a");
        await kubectl.RunAsync("delete", "configmaps", "-l", "app=x");
        Assert.Equal("c", await kubectl.RunAsync("get", "configmaps", "-l", "app", Pods));
        await kubectl.RunAsync("delete", "configmaps", "--all");
        await kubectl.RunAsync("wait", "configmap/c", "--for=delete", "--timeout=60s");
    }

    [SkippableFact]
    public async Task Cascade_ForegroundTakesDependentsFirst_AndOrphanLeavesThem()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        foreach (var name in (string[])["front", "left"])
        {
            await kubectl.RunAsync("create", "deployment", name, "--image=i", "--replicas=2");
            await kubectl.RunAsync("rollout", "status", $"deployment/{name}", "--timeout=60s");
        }
        // A dependent that stays holds up its owners all the way to the top.
        var held = (await kubectl.RunAsync("get", "pods", "-l", "app=front", "-o", "jsonpath={.items[0].metadata.name}")).Trim();
        await kubectl.RunAsync("patch", "pod", held, "--type=merge", "-p", """{"metadata":{"finalizers":["example.com/x"]}}""");
        await kubectl.RunAsync("delete", "deployment", "front", "--cascade=foreground", "--wait=false");
        await kubectl.RunAsync("wait", "pod", held, "--for=jsonpath={.metadata.deletionTimestamp}", "--timeout=60s");
        Assert.Equal("""["foregroundDeletion"]""", await kubectl.FieldAsync("deployment", "front", ".metadata.finalizers"));
        await kubectl.RunAsync("patch", "pod", held, "--type=merge", "-p", """{"metadata":{"finalizers":null}}""");
        await kubectl.RunAsync("wait", "deployment/front", "--for=delete", "--timeout=60s");
        Assert.Equal("", await kubectl.RunAsync("get", "replicasets,pods", "-l", "app=front", Pods));

        await kubectl.RunAsync("delete", "deployment", "left", "--cascade=orphan", "--timeout=60s");
        Assert.Equal(2, (await kubectl.RunAsync("get", "pods", "-l", "app=left", Pods)).Split(' ').Length);
        var set = (await kubectl.RunAsync("get", "replicasets", "-l", "app=left", Pods)).Trim();
        Assert.Equal("", await kubectl.FieldAsync("replicaset", set, ".metadata.ownerReferences"));
    }

    [SkippableFact]
    public async Task Owner_InAnotherNamespace_IsNone()
    {
        var (owners, kubectl) = (await cluster.NewNamespaceAsync(), await cluster.NewNamespaceAsync());
        await owners.RunAsync("create", "configmap", "owner");
        var uid = await owners.FieldAsync("configmap", "owner", ".metadata.uid");
        await kubectl.ApplyAsync($$$"""
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"child","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":"{{{uid}}}"}]} }
            """);
        await kubectl.RunAsync("wait", "configmap/child", "--for=delete", "--timeout=60s");
        var told = "";
        for (var i = 0; i < 100 && told.Length == 0; i++)
            told = await kubectl.RunAsync("get", "events", "--field-selector=reason=OwnerRefInvalidNamespace,involvedObject.name=child,type=Warning", "-o", "name");
        Assert.NotEqual("", told);
    }

    [SkippableFact]
    public async Task TokenSecret_IsFilled_LogsIn_AndGoesWithItsAccount()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.RunAsync("create", "serviceaccount", "bot");
        await kubectl.ApplyAsync("""{"apiVersion":"v1","kind":"Secret","type":"kubernetes.io/service-account-token","metadata":{"name":"bot-token","annotations":{"kubernetes.io/service-account.name":"bot"}}}""");
        await kubectl.RunAsync("wait", "secret/bot-token", "--for=jsonpath={.data.token}", "--timeout=60s");
        var data = JsonNode.Parse(await kubectl.FieldAsync("secret", "bot-token", ".data"))!;
        Assert.Equal(kubectl.Namespace, Text(data["namespace"]));
        Assert.Contains("BEGIN CERTIFICATE", Text(data["ca.crt"]), StringComparison.Ordinal);

        var file = Path.GetTempFileName();
        try
        {
            var raw = JsonNode.Parse(await kubectl.RunAsync("config", "view", "--raw", "-o", "json"))!;
            raw["users"]![0]!["user"] = new JsonObject { ["token"] = Text(data["token"]) };
            await File.WriteAllTextAsync(file, raw.ToJsonString());
            var who = await Command.RunAsync("kubectl", ["--kubeconfig", file, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"]);
            Assert.Equal($"system:serviceaccount:{kubectl.Namespace}:bot", who.Succeeded());
        }
        finally
        {
            File.Delete(file);
        }
        await kubectl.RunAsync("delete", "serviceaccount", "bot");
        await kubectl.RunAsync("wait", "secret/bot-token", "--for=delete", "--timeout=60s");
    }

    private static Task<string> MessageAsync(Kubectl kubectl, string condition) =>
        kubectl.FieldAsync("namespace", kubectl.Namespace, $".status.conditions[?(@.type==\"{condition}\")].message");

    private static string Text(JsonNode? data) => Encoding.UTF8.GetString(Convert.FromBase64String((string)data!));
}
