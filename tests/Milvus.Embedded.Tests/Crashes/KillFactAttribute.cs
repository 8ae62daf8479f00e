namespace Milvus.Embedded.Tests.Crashes;

/// <summary>A test that kills real processes for minutes: runs when MILVUS_KILL_TEST is set.</summary>
public sealed class KillFactAttribute : FactAttribute
{
    public KillFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("MILVUS_KILL_TEST") is null) Skip = "takes minutes; set MILVUS_KILL_TEST=1 to run it";
    }
}
