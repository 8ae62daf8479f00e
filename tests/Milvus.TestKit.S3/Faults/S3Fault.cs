namespace Milvus.TestKit.S3.Faults;

/// <summary>What goes wrong with a request.</summary>
public abstract record S3Fault
{
    private S3Fault()
    {
    }

    /// <summary>Answered with this status, nothing done.</summary>
    public sealed record Status(int Code, string ErrorCode = "SlowDown") : S3Fault;

    /// <summary>Never answered, nothing done.</summary>
    public sealed record Hang : S3Fault;

    /// <summary>The connection is cut, nothing done.</summary>
    public sealed record Reset : S3Fault;

    /// <summary>Done, but the connection is cut instead of answering.</summary>
    public sealed record LostAnswer : S3Fault;

    /// <summary>The body of the answer ends after so many bytes; it falls silent instead of ending when <paramref name="Silent"/>.</summary>
    public sealed record CutBody(long Bytes, bool Silent = false) : S3Fault;

    /// <summary>Not done, but answered with status 200 and an error as body, as S3 may when it completes an upload.</summary>
    public sealed record ErrorInSuccess : S3Fault;
}
