using System.Globalization;
using System.Text;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Endpoint;

/// <summary>How a command ended, as its error stream tells.</summary>
/// <remarks>Since version 4 a Status object; before, the message of a failure and nothing for success.</remarks>
internal static class RemoteCommandStatus
{
    private const int StructuredSince = 4;

    public static byte[] Exited(int code, int version)
    {
        if (version < StructuredSince) return code == 0 ? [] : Encoding.UTF8.GetBytes(MessageOf(code));
        return JsonSerializer.SerializeToUtf8Bytes(code == 0 ? new JsonObject { ["metadata"] = new JsonObject(), ["status"] = "Success" } : NonZero(code));
    }

    /// <param name="doing">What failed, such as <c>error executing command in container</c>.</param>
    public static byte[] Failed(string doing, RuntimeFailureException e, int version)
    {
        var message = $"Internal error occurred: {doing}: {e.Message}";
        return version < StructuredSince ? Encoding.UTF8.GetBytes(message) : JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = message,
            ["reason"] = "InternalError",
            ["details"] = new JsonObject { ["causes"] = new JsonArray(new JsonObject { ["message"] = $"{doing}: {e.Message}" }) },
            ["code"] = 500,
        });
    }

    private static JsonObject NonZero(int code) => new()
    {
        ["metadata"] = new JsonObject(),
        ["status"] = "Failure",
        ["message"] = MessageOf(code),
        ["reason"] = "NonZeroExitCode",
        ["details"] = new JsonObject
        {
            ["causes"] = new JsonArray(new JsonObject { ["reason"] = "ExitCode", ["message"] = code.ToString(CultureInfo.InvariantCulture) }),
        },
    };

    private static string MessageOf(int code) => string.Create(CultureInfo.InvariantCulture, $"command terminated with non-zero exit code: exit status {code}");
}
