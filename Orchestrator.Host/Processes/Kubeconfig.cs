using System.Text;

namespace Orchestrator.Host.Processes;

/// <summary>The file that lets any Kubernetes client in: server, authority and the administrator's certificate.</summary>
public static class Kubeconfig
{
    public static string Render(string server, string authorityPem, string certificatePem, string keyPem) => $"""
        apiVersion: v1
        kind: Config
        current-context: orchestrator
        clusters:
        - name: orchestrator
          cluster:
            server: {server}
            certificate-authority-data: {Base64(authorityPem)}
        contexts:
        - name: orchestrator
          context:
            cluster: orchestrator
            user: admin
        users:
        - name: admin
          user:
            client-certificate-data: {Base64(certificatePem)}
            client-key-data: {Base64(keyPem)}

        """;

    /// <summary>Replaces the file in one step and readable by its owner alone: it holds a private key.</summary>
    public static void Write(string file, string content)
    {
        var fresh = file + ".new";
        File.Delete(fresh);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var stream = new FileStream(fresh, options)) stream.Write(Encoding.UTF8.GetBytes(content));
        File.Move(fresh, file, overwrite: true);
    }

    private static string Base64(string pem) => Convert.ToBase64String(Encoding.UTF8.GetBytes(pem));
}
