using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Kubelet;
using Orchestrator.Node.Runtime;
using Orchestrator.Node.Tests.Kubelet;
using Orchestrator.Node.Volumes;

namespace Orchestrator.Node.Tests.Volumes;

public sealed class PodVolumesTests : IDisposable
{
    private static readonly PodPlace Place = new("node-1", "192.0.2.1", "");

    private readonly string _root = Directory.CreateTempSubdirectory("volumes").FullName;
    private readonly FakeConfig _config = new();

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private PodVolumes Volumes => new(_root, TimeProvider.System);

    private static PodManifest Pod(string volumes) => PodManifestReader.Read(new StoredObject(new ObjectKey("d", "p"), 1, Encoding.UTF8.GetBytes(
        $$$"""{"metadata":{"name":"p","namespace":"d","uid":"u1"},"spec":{"containers":[{"name":"c","image":"i"}],"volumes":[{{{volumes}}}]}}""")));

    private void PutConfig(string data) =>
        _config.Put(ResourceTypes.ConfigMaps, $$$"""{"kind":"ConfigMap","metadata":{"name":"settings","namespace":"d"},"data":{{{data}}}}""");

    [Fact]
    public async Task EmptyDir_OutlivesAContainer_AndGoesWithThePod()
    {
        var pod = Pod("""{"name":"work","emptyDir":{}}""");
        var path = (await Volumes.PrepareAsync(pod, _config, Place, default))["work"];
        await File.WriteAllTextAsync(Path.Combine(path, "kept"), "x");

        Assert.Equal(path, (await Volumes.PrepareAsync(pod, _config, Place, default))["work"]);
        Assert.True(File.Exists(Path.Combine(path, "kept")));
        Assert.Equal("u1", Assert.Single(Volumes.KnownPods()));

        await Volumes.RemoveAsync("u1", default);
        Assert.False(Directory.Exists(path));
        Assert.Empty(Volumes.KnownPods());
    }

    [Fact]
    public async Task ConfigMap_FollowsItsObject_KeyByKey()
    {
        var pod = Pod("""{"name":"settings","configMap":{"name":"settings"}}""");
        PutConfig("""{"a":"1","b":"2"}""");
        var path = (await Volumes.PrepareAsync(pod, _config, Place, default))["settings"];
        Assert.Equal("1", await File.ReadAllTextAsync(Path.Combine(path, "a")));

        PutConfig("""{"a":"changed"}""");
        await Volumes.PrepareAsync(pod, _config, Place, default);

        Assert.Equal("changed", await File.ReadAllTextAsync(Path.Combine(path, "a")));
        Assert.False(File.Exists(Path.Combine(path, "b")));
    }

    [Fact]
    public async Task MissingConfigMap_SaysWhichVolume()
    {
        var failure = await Assert.ThrowsAsync<RuntimeFailureException>(() =>
            Volumes.PrepareAsync(Pod("""{"name":"settings","configMap":{"name":"settings"}}"""), _config, Place, default));

        Assert.Equal("MountVolume.SetUp failed for volume \"settings\" : configmap \"settings\" not found", failure.Message);
    }

    [Fact]
    public async Task PathThatLeavesTheVolume_IsRefused()
    {
        PutConfig("""{"a":"1"}""");
        await Assert.ThrowsAsync<RuntimeFailureException>(() => Volumes.PrepareAsync(
            Pod("""{"name":"settings","configMap":{"name":"settings","items":[{"key":"a","path":"../../escaped"}]}}"""), _config, Place, default));

        Assert.Empty(Directory.GetFiles(_root, "escaped", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task HostPath_IsChecked_ForWhatItShallBe()
    {
        var made = Path.Combine(_root, "made");
        var paths = await Volumes.PrepareAsync(Pod($$$"""{"name":"h","hostPath":{"path":"{{{made}}}","type":"DirectoryOrCreate"}}"""), _config, Place, default);
        Assert.Equal(made, paths["h"]);
        Assert.True(Directory.Exists(made));

        await Assert.ThrowsAsync<RuntimeFailureException>(() =>
            Volumes.PrepareAsync(Pod($$$"""{"name":"h","hostPath":{"path":"{{{_root}}}/absent","type":"File"}}"""), _config, Place, default));
    }

    private static PodManifest Pod(string volumes, string mount, string spec = "") => PodManifestReader.Read(new StoredObject(new ObjectKey("d", "p"), 1, Encoding.UTF8.GetBytes(
        $$$"""{"metadata":{"name":"p","namespace":"d","uid":"u1"},"spec":{"containers":[{"name":"c","image":"i","volumeMounts":[{{{mount}}}]}],"volumes":[{{{volumes}}}]{{{spec}}}}}""")));

    private async Task<string> MountAsync(PodManifest pod) =>
        Volumes.MountsOf(pod, pod.Containers[0], 0, await Volumes.PrepareAsync(pod, _config, Place, default), _ => null).First(static m => m.ContainerPath == "/m").HostPath;

    [Fact]
    public async Task SubPath_IsMade_AsItsVolumeIs()
    {
        var path = await MountAsync(Pod("""{"name":"work","emptyDir":{}}""", """{"name":"work","mountPath":"/m","subPath":"a/b"}"""));

        Assert.EndsWith("/work/a/b", path, StringComparison.Ordinal);
        Assert.Equal((UnixFileMode)0x1FF, File.GetUnixFileMode(path)); // any user may write, as in the volume itself
        Assert.Equal((UnixFileMode)0x1FF, File.GetUnixFileMode(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public async Task SubPathThroughALink_MakesNothing_OutsideOfTheVolume()
    {
        var pod = Pod("""{"name":"work","emptyDir":{}}""", """{"name":"work","mountPath":"/m","subPath":"link/made"}""");
        var outside = Directory.CreateDirectory(Path.Combine(_root, "outside")).FullName;
        var volume = (await Volumes.PrepareAsync(pod, _config, Place, default))["work"];
        File.CreateSymbolicLink(Path.Combine(volume, "link"), outside);

        var refusal = await Assert.ThrowsAsync<RuntimeFailureException>(() => MountAsync(pod));

        Assert.Contains("leads out of its volume", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
    }

    [Fact]
    public async Task ConfigMap_IsReadableByThePodsGroup()
    {
        PutConfig("""{"a":"1"}""");
        var path = (await Volumes.PrepareAsync(Pod("""{"name":"settings","configMap":{"name":"settings","defaultMode":256}}""", "", ""","securityContext":{"fsGroup":2000}"""),
            _config, Place, default))["settings"];

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.GroupRead, File.GetUnixFileMode(Path.Combine(path, "a")));
    }

    [Theory]
    [InlineData("", 0x1A4)] // 0644: the image may name any user
    [InlineData(""","securityContext":{"runAsUser":1000}""", 0x180)] // 0600, of that user
    [InlineData(""","securityContext":{"fsGroup":2000}""", 0x1A0)] // 0640, of that group
    public void TokenIsFor_WhoeverRunsTheContainers(string spec, int mode)
    {
        var pod = Pod("""{"name":"t","projected":{"sources":[{"serviceAccountToken":{"path":"token","expirationSeconds":600}}]}}""", "", spec);
        var tokens = System.Collections.Immutable.ImmutableDictionary<(string, long), string>.Empty.Add(("", 600), "secret");

        var file = ConfigVolume.Files(pod.Volumes[0], pod, _config, Place, tokens)["token"];

        Assert.Equal(mode, file.Mode);
        Assert.Equal(spec.Contains("1000", StringComparison.Ordinal) ? 1000 : null, file.User);
        Assert.Equal(spec.Contains("2000", StringComparison.Ordinal) ? 2000 : null, file.Group);
    }

    [Fact]
    public async Task WhatAFailedWriteLeft_IsClearedAway_AndAForeignDirectoryIsNot()
    {
        var pod = Pod("""{"name":"settings","configMap":{"name":"settings"}}""", """{"name":"settings","mountPath":"/m","subPath":"no-key"}""");
        PutConfig("""{"a":"1"}""");
        var path = (await Volumes.PrepareAsync(pod, _config, Place, default))["settings"];
        Directory.CreateDirectory(Path.Combine(path, "..2026_01_02_03_04_05.broken"));
        var mounted = await MountAsync(pod);

        PutConfig("""{"a":"2"}""");
        await Volumes.PrepareAsync(pod, _config, Place, default);

        Assert.Equal("2", await File.ReadAllTextAsync(Path.Combine(path, "a")));
        Assert.True(Directory.Exists(mounted));
        Assert.Single(Directory.EnumerateDirectories(path, "..2*"));
    }

    [Fact]
    public async Task LongTerminationMessage_IsItsEnd()
    {
        var pod = Pod("""{"name":"work","emptyDir":{}}""", """{"name":"work","mountPath":"/m"}""");
        var mounts = Volumes.MountsOf(pod, pod.Containers[0], 0, await Volumes.PrepareAsync(pod, _config, Place, default), _ => null);
        await File.WriteAllTextAsync(mounts.Single(static m => m.Dispensable).HostPath, new string('x', 10_000) + "the cause");

        var message = Volumes.TerminationMessage("u1", "c", 0);

        Assert.Equal(PodVolumes.TerminationMessageMax, message.Length);
        Assert.EndsWith("the cause", message, StringComparison.Ordinal);
    }

    private void PutClaim(string status, string uid = "c1", string source = "")
    {
        _config.Put(ResourceTypes.PersistentVolumeClaims,
            $$$"""{"kind":"PersistentVolumeClaim","metadata":{"name":"data","namespace":"d","uid":"c1"},"spec":{"volumeName":"pv"},"status":{"phase":"{{{status}}}"}}""");
        _config.Put(ResourceTypes.PersistentVolumes, $$$"""{"kind":"PersistentVolume","metadata":{"name":"pv"},"spec":{"claimRef":{"uid":"{{{uid}}}"}{{{source}}}}}""");
    }

    [Theory]
    [InlineData("hostPath", ""","hostPath":{"path":"ROOT/data","type":"DirectoryOrCreate"}""")]
    [InlineData("local", ""","local":{"path":"ROOT"}""")]
    public async Task Claim_IsTheVolumeThatItIsBoundTo(string kind, string source)
    {
        PutClaim("Bound", source: source.Replace("ROOT", _root, StringComparison.Ordinal));
        var pod = Pod("""{"name":"v","persistentVolumeClaim":{"claimName":"data","readOnly":true}}""", """{"name":"v","mountPath":"/m"}""");

        var paths = await Volumes.PrepareAsync(pod, _config, Place, default);

        Assert.Equal(kind == "local" ? _root : Path.Combine(_root, "data"), paths["v"]);
        Assert.True(Directory.Exists(paths["v"]));
        Assert.True(Volumes.MountsOf(pod, pod.Containers[0], 0, paths, _ => null)[0].ReadOnly);
    }

    [Theory]
    [InlineData("Pending", "c1", "", "PVC is not bound")]
    [InlineData("Bound", "c2", "", "PV pv is bound to another PVC")]
    [InlineData("Bound", "c1", ""","local":{"path":"/no/such/path"}""", "path \"/no/such/path\" does not exist")]
    [InlineData("Bound", "c1", ""","csi":{"driver":"d"}""", "this node has no drivers")]
    public async Task Claim_ThatCannotBeServed_SaysWhy(string status, string uid, string source, string why)
    {
        PutClaim(status, uid, source);

        var failure = await Assert.ThrowsAsync<RuntimeFailureException>(() =>
            Volumes.PrepareAsync(Pod("""{"name":"v","persistentVolumeClaim":{"claimName":"data"}}"""), _config, Place, default));

        Assert.StartsWith("MountVolume.SetUp failed for volume \"v\"", failure.Message, StringComparison.Ordinal);
        Assert.Contains(why, failure.Message, StringComparison.Ordinal);
    }
}
