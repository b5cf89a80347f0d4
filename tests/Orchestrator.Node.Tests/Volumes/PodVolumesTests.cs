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
}
