using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>The whole body of a request, in a pooled buffer where it is not large.</summary>
public readonly struct RequestBody : IDisposable
{
    /// <summary>Largest body (bytes). Source: k8s.io/apiserver, MaxRequestBodyBytes.</summary>
    public const int BytesMax = 3 * 1024 * 1024;

    /// <summary>Larger bodies have an array of their own (bytes): the pool keeps for each thread the largest that it ever lent to it.</summary>
    private const int PooledMax = 128 * 1024;

    private readonly byte[]? _bytes;
    private readonly int _length;

    private RequestBody(byte[]? bytes, int length, ApiError? error)
    {
        _bytes = bytes;
        _length = length;
        Error = error;
    }

    /// <summary>Why there is no body: it is too large.</summary>
    public ApiError? Error { get; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

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
        if (_bytes is not null && _length <= PooledMax) ArrayPool<byte>.Shared.Return(_bytes);
    }

    private static RequestBody Copy(ReadOnlySequence<byte> bytes)
    {
        var length = (int)bytes.Length;
        var copy = length <= PooledMax ? ArrayPool<byte>.Shared.Rent(length) : GC.AllocateUninitializedArray<byte>(length);
        bytes.CopyTo(copy);
        return new RequestBody(copy, length, null);
    }

    private static RequestBody TooLarge() =>
        new(null, 0, new ApiError(413, "RequestEntityTooLarge", $"Request entity too large: limit is {BytesMax}"));
}
