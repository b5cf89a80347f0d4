using Orchestrator.Host.Processes;

namespace Orchestrator.Host.Tests.Processes;

public sealed class DataDirectoryTests
{
    [Fact]
    public void FolderThatAnotherHolds_IsToldToBeInUse_AndIsFreeAfterwards()
    {
        var folder = Directory.CreateTempSubdirectory("data-directory").FullName;
        try
        {
            using (DataDirectory.Open(folder))
                Assert.Contains("is in use by another process", Assert.Throws<StartException>(() => DataDirectory.Open(folder)).Message, StringComparison.Ordinal);
            DataDirectory.Open(folder).Dispose();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void FolderThatCannotBeWritten_IsNotToldToBeInUse()
    {
        var folder = Directory.CreateTempSubdirectory("data-directory").FullName;
        try
        {
            // The lock leads nowhere: an IOException, as that of a file system that is read only.
            File.CreateSymbolicLink(Path.Combine(folder, "lock"), Path.Combine(folder, "gone", "lock"));
            Assert.StartsWith($"The data directory {folder} cannot be written: ", Assert.Throws<StartException>(() => DataDirectory.Open(folder)).Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
