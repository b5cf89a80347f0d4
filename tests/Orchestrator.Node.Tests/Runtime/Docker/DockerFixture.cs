using System.Formats.Tar;
using Docker.DotNet;
using Docker.DotNet.Models;
using Orchestrator.Node.Runtime.Docker;

namespace Orchestrator.Node.Tests.Runtime.Docker;

/// <summary>A Docker Engine, when there is one, with an image made of the machine's static busybox.</summary>
public sealed class DockerFixture : IAsyncLifetime
{
    public const string Image = "orchestrator-test/busybox:1";

    private static readonly string[] Applets =
        ["sh", "sleep", "echo", "cat", "ls", "env", "true", "false", "hostname", "nc", "httpd", "wget", "id", "touch", "stat", "tail", "head", "dd", "stty", "date", "kill", "ps", "mkdir", "test"];

    private DockerClient? _client;

    public string WhyNot { get; private set; } = "";

    public DockerContainerRuntime Runtime { get; private set; } = null!;

    public IDockerClient Client => _client!;

    public static bool Required =>
        (Environment.GetEnvironmentVariable("ORCHESTRATOR_REQUIRE") ?? "").Split(',').Contains("docker", StringComparer.Ordinal);

    /// <summary>Skips the test when there is no engine, unless one is required.</summary>
    public void Require()
    {
        if (WhyNot.Length == 0) return;
        Skip.If(!Required, WhyNot);
        Assert.Fail(WhyNot);
    }

    public async Task InitializeAsync()
    {
        var endpoint = Environment.GetEnvironmentVariable("DOCKER_HOST") is { Length: > 0 } host ? host : "unix:///var/run/docker.sock";
        _client = new DockerClientConfiguration(new Uri(endpoint)).CreateClient();
        try
        {
            await _client.System.PingAsync();
            await ImportAsync();
        }
        catch (Exception e) when (e is HttpRequestException or IOException or DockerApiException)
        {
            WhyNot = $"no Docker Engine at {endpoint}: {e.Message}";
        }
        Runtime = new DockerContainerRuntime(_client, "tests");
    }

    private async Task ImportAsync()
    {
        var busybox = new[] { "/bin/busybox", "/usr/bin/busybox" }.FirstOrDefault(File.Exists)
            ?? throw new IOException("no static busybox on this machine (Debian: busybox-static)");
        var archive = new MemoryStream();
        await using (var tar = new TarWriter(archive, TarEntryFormat.Ustar, leaveOpen: true))
        {
            const UnixFileMode mode = (UnixFileMode)0x1ED;
            foreach (var directory in new[] { "bin", "etc", "tmp", "dev", "proc", "sys", "www" })
                await tar.WriteEntryAsync(new UstarTarEntry(TarEntryType.Directory, directory) { Mode = mode });
            await using var content = File.OpenRead(busybox);
            await tar.WriteEntryAsync(new UstarTarEntry(TarEntryType.RegularFile, "bin/busybox") { Mode = mode, DataStream = content });
            foreach (var applet in Applets)
                await tar.WriteEntryAsync(new UstarTarEntry(TarEntryType.SymbolicLink, $"bin/{applet}") { Mode = mode, LinkName = "busybox" });
        }
        archive.Position = 0;
        await _client!.Images.CreateImageAsync(
            new ImagesCreateParameters { FromSrc = "-", Repo = "orchestrator-test/busybox", Tag = "1", Changes = ["ENV PATH=/bin"] },
            archive, null, new Progress<JSONMessage>());
    }

    public Task DisposeAsync()
    {
        _client?.Dispose();
        return Task.CompletedTask;
    }
}
