using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Orchestrator.Node.Endpoint;

/// <summary>Serves one directory of the node's log files, and nothing outside of it.</summary>
/// <remarks>Source: kubelet, /logs/, which is Go's file server over /var/log.</remarks>
/// <param name="directory">The directory; it need not exist.</param>
internal sealed class NodeLogs(string directory)
{
    private readonly string _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));

    public async Task ServeAsync(HttpContext http)
    {
        var path = (string?)http.Request.RouteValues["path"] ?? "";
        if (Find(path) is not { } found)
        {
            await NotFoundAsync(http).ConfigureAwait(false);
            return;
        }
        try
        {
            if (Directory.Exists(found)) await ListAsync(http, found).ConfigureAwait(false);
            else await SendAsync(http, found).ConfigureAwait(false);
        }
        catch (UnauthorizedAccessException)
        {
            await RefuseAsync(http, StatusCodes.Status403Forbidden, "403 Forbidden").ConfigureAwait(false);
        }
        catch (FileNotFoundException)
        {
            await NotFoundAsync(http).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The reader has left.
        }
    }

    /// <summary>The file or directory that a path means; null when there is none below the root.</summary>
    internal string? Find(string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal)) return null;
        var here = _root;
        foreach (var segment in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (segment is "." or "..") return null;
            here = Path.Combine(here, segment);
            FileSystemInfo entry = Directory.Exists(here) ? new DirectoryInfo(here) : new FileInfo(here);
            // A link may stand for a file of the directory, and for nothing beyond it.
            if (entry.LinkTarget is null) continue;
            if (entry.ResolveLinkTarget(returnFinalTarget: true) is not { } target || !IsBelow(Real(target.FullName))) return null;
            here = target.FullName;
        }
        return File.Exists(here) || Directory.Exists(here) ? here : null;
    }

    private bool IsBelow(string path) => path.StartsWith(Real(_root) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    // Directories on the way may be links as well.
    private static string Real(string path)
    {
        var real = Path.GetPathRoot(path)!;
        foreach (var segment in path[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, segment);
            if (Directory.Exists(real) && new DirectoryInfo(real).ResolveLinkTarget(returnFinalTarget: true) is { } target) real = target.FullName;
        }
        return real;
    }

    private static async Task ListAsync(HttpContext http, string directory)
    {
        if (!http.Request.Path.Value!.EndsWith('/'))
        {
            http.Response.StatusCode = StatusCodes.Status301MovedPermanently;
            http.Response.Headers.Location = Path.GetFileName(directory) + "/";
            return;
        }
        var text = new StringBuilder("<!doctype html>\n<meta name=\"viewport\" content=\"width=device-width\">\n<pre>\n");
        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos().OrderBy(static e => e.Name, StringComparer.Ordinal))
        {
            var name = entry is DirectoryInfo ? entry.Name + "/" : entry.Name;
            text.Append("<a href=\"").Append(WebUtility.HtmlEncode(Uri.EscapeDataString(entry.Name) + (entry is DirectoryInfo ? "/" : ""))).Append("\">")
                .Append(WebUtility.HtmlEncode(name)).Append("</a>\n");
        }
        http.Response.ContentType = "text/html; charset=utf-8";
        await http.Response.WriteAsync(text.Append("</pre>\n").ToString(), http.RequestAborted).ConfigureAwait(false);
    }

    private static async Task SendAsync(HttpContext http, string file)
    {
        var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        await using (stream.ConfigureAwait(false))
        {
            http.Response.ContentType = "text/plain; charset=utf-8";
            await stream.CopyToAsync(http.Response.Body, http.RequestAborted).ConfigureAwait(false);
        }
    }

    private static Task NotFoundAsync(HttpContext http) => RefuseAsync(http, StatusCodes.Status404NotFound, "404 page not found");

    private static Task RefuseAsync(HttpContext http, int code, string text)
    {
        http.Response.StatusCode = code;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(text + "\n", http.RequestAborted);
    }
}
