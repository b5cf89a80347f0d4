using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>The whole body of a request, in a pooled buffer.</summary>
public readonly struct RequestBody : IDisposable
{
    /// <summary>Largest body (bytes). Source: k8s.io/apiserver, MaxRequestBodyBytes.</summary>
    public const int BytesMax = 3 * 1024 * 1024;

    private readonly byte[]? _rented;
    private readonly int _length;

    private RequestBody(byte[]? rented, int length, ApiError? error)
    {
        _rented = rented;
        _length = length;
        Error = error;
    }

    /// <summary>Why there is no body: it is too large.</summary>
    public ApiError? Error { get; }

    public ReadOnlySpan<byte> Bytes => _rented.AsSpan(0, _length);

    public static async ValueTask<RequestBody> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength is > BytesMax) return TooLarge();
        if (context.Request.ContentLength == 0) return default;
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted).ConfigureAwait(false);
            if (read.Buffer.Length > BytesMax)
            {
                reader.AdvanceTo(read.Buffer.End);
                return TooLarge();
            }
            if (read.IsCompleted)
            {
                var body = Copy(read.Buffer);
                context.Features.Get<Audit.AuditRecord>()?.TakeRequest(body.Bytes);
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    public void Dispose()
    {
        if (_rented is not null) ArrayPool<byte>.Shared.Return(_rented);
    }

    private static RequestBody Copy(ReadOnlySequence<byte> bytes)
    {
        var rented = ArrayPool<byte>.Shared.Rent((int)bytes.Length);
        bytes.CopyTo(rented);
        return new RequestBody(rented, (int)bytes.Length, null);
    }

    private static RequestBody TooLarge() =>
        new(null, 0, new ApiError(413, "RequestEntityTooLarge", $"Request entity too large: limit is {BytesMax}"));
}
