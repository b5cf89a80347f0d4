using Orchestrator.Host.Processes;

namespace Orchestrator.Host.Tests.Processes;

public sealed class DataDirectoryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-data").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Open_Twice_TheSecondIsRefusedUntilTheFirstIsGone()
    {
        using (DataDirectory.Open(_folder))
            Assert.Contains("in use", Assert.Throws<StartException>(() => DataDirectory.Open(_folder)).Message, StringComparison.Ordinal);

        using var again = DataDirectory.Open(_folder);
        Assert.Equal(Path.Combine(_folder, "x"), again.File("x"));
    }

    [Fact]
    public void Open_WhereAFileStands_IsRefusedInASentence()
    {
        var file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");

        Assert.Throws<StartException>(() => DataDirectory.Open(file));
    }

    [Fact]
    public void Kubeconfig_IsForItsOwnerAlone()
    {
        var file = Path.Combine(_folder, "kubeconfig");
        Kubeconfig.Write(file, Kubeconfig.Render("https://127.0.0.1:1", "ca", "cert", "key"));
        Kubeconfig.Write(file, Kubeconfig.Render("https://127.0.0.1:2", "ca", "cert", "key"));

        Assert.Contains("server: https://127.0.0.1:2", File.ReadAllText(file), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }
}
