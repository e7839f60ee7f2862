#include "textflag.h"

// left leaves in dst a mask of the CX-AX-k lowest bits, none to 64. Clobbers DX.
#define LEFT(k, dst) \
	XORL DX, DX;        \
	LEAQ -k(R8), R11;   \
	TESTQ R11, R11;     \
	CMOVQLT DX, R11;    \
	MOVL $64, DX;       \
	CMPQ R11, DX;       \
	CMOVQGT DX, R11;    \
	BZHIQ R11, R15, dst

// func buckets512(p unsafe.Pointer, n int, tabs *[16][64]byte, groups, two int, out *bucketHit) int
// tabs has, for each of the first three groups and each of the four bytes of a
// window, the buckets (bits) that a byte's low six bits belong to; groups of them hold
// windows of four bytes. Group 3, used if two is not 0, holds windows of two: its
// tables are by the low six bits of both bytes, then by their high six bits. For
// each 64 positions with a hit, a triple (hits of groups 0 to 2, hits of group
// 3, first position) goes to out; the triple behind the last one is scratch.
TEXT ·buckets512(SB), NOSPLIT, $0-56
	MOVQ p+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ tabs+16(FP), DI
	MOVQ groups+24(FP), R9
	MOVQ two+32(FP), R10
	MOVQ out+40(FP), BX
	MOVQ $-1, R15
	VMOVDQU64 (DI), Z16
	VMOVDQU64 64(DI), Z17
	VMOVDQU64 128(DI), Z18
	VMOVDQU64 192(DI), Z19
	CMPQ R9, $2
	JL   tab3
	VMOVDQU64 256(DI), Z20
	VMOVDQU64 320(DI), Z21
	VMOVDQU64 384(DI), Z22
	VMOVDQU64 448(DI), Z23
	VMOVDQU64 512(DI), Z24
	VMOVDQU64 576(DI), Z25
	VMOVDQU64 640(DI), Z26
	VMOVDQU64 704(DI), Z27

tab3:
	VMOVDQU64 768(DI), Z28
	VMOVDQU64 832(DI), Z29
	VMOVDQU64 896(DI), Z30
	VMOVDQU64 960(DI), Z31
	LEAQ -3(CX), R13               // positions: n-3, or n-1 with windows of two
	TESTQ R10, R10
	JEQ  start
	LEAQ -1(CX), R13

start:
	XORL AX, AX

block:
	LEAQ 67(AX), R11
	CMPQ R11, CX
	JG   tail
	VMOVDQU64 (SI)(AX*1), Z0
	VMOVDQU64 1(SI)(AX*1), Z1
	VMOVDQU64 2(SI)(AX*1), Z2
	VMOVDQU64 3(SI)(AX*1), Z3
	KXNORQ K5, K5, K5
	KXNORQ K6, K6, K6

test:
	VPERMB Z16, Z0, Z4
	VPERMB Z17, Z1, Z5
	VPERMB Z18, Z2, Z6
	VPERMB Z19, Z3, Z8
	VPTERNLOGD $0x80, Z5, Z6, Z4   // and of three
	VPANDD Z4, Z8, Z8
	CMPQ R9, $2
	JL   four
	VPERMB Z20, Z0, Z4
	VPERMB Z21, Z1, Z5
	VPERMB Z22, Z2, Z6
	VPERMB Z23, Z3, Z7
	VPTERNLOGD $0x80, Z5, Z6, Z4
	VPTERNLOGD $0xF8, Z4, Z7, Z8   // Z8 | Z4&Z7
	JEQ  four
	VPERMB Z24, Z0, Z4
	VPERMB Z25, Z1, Z5
	VPERMB Z26, Z2, Z6
	VPERMB Z27, Z3, Z7
	VPTERNLOGD $0x80, Z5, Z6, Z4
	VPTERNLOGD $0xF8, Z4, Z7, Z8

four:
	VPTESTMB Z8, Z8, K5, K2
	KMOVQ K2, R11
	XORL R12, R12
	TESTQ R10, R10
	JEQ  store
	VPSRLW $2, Z0, Z6
	VPSRLW $2, Z1, Z7
	VPERMB Z28, Z0, Z4
	VPERMB Z29, Z1, Z5
	VPERMB Z30, Z6, Z6
	VPERMB Z31, Z7, Z7
	VPTERNLOGD $0x80, Z5, Z6, Z4
	VPTESTMB Z4, Z7, K6, K2
	KMOVQ K2, R12

store:
	MOVQ R11, (BX)
	MOVQ R12, 8(BX)
	MOVQ AX, 16(BX)
	ADDQ $64, AX
	LEAQ 24(BX), DX
	ORQ  R12, R11
	CMOVQNE DX, BX
	JMP  block

tail:
	CMPQ AX, R13
	JGE  done
	MOVQ CX, R8
	SUBQ AX, R8                    // bytes left
	LEFT(0, R12)
	KMOVQ R12, K1
	VMOVDQU8.Z (SI)(AX*1), K1, Z0
	LEFT(1, R12)
	KMOVQ R12, K1
	KMOVQ R12, K6                  // windows of two begin one before the end
	VMOVDQU8.Z 1(SI)(AX*1), K1, Z1
	LEFT(2, R12)
	KMOVQ R12, K1
	VMOVDQU8.Z 2(SI)(AX*1), K1, Z2
	LEFT(3, R12)
	KMOVQ R12, K1
	KMOVQ R12, K5                  // windows of four, three before the end
	VMOVDQU8.Z 3(SI)(AX*1), K1, Z3
	JMP  test

done:
	VZEROUPPER
	MOVQ BX, AX
	SUBQ out+40(FP), AX
	MOVQ AX, ret+48(FP)
	RET

// func buckets256(p unsafe.Pointer, n int, tabs *[8][16]byte, out *laneHit) (hits, done int)
// tabs has, for each of the four bytes of a window, the buckets that its low
// half belongs to, then those of its high half. Whole blocks of 32 positions
// alone; done is the first position not tested.
TEXT ·buckets256(SB), NOSPLIT, $0-48
	MOVQ p+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ tabs+16(FP), DI
	MOVQ out+24(FP), BX
	MOVL $0x0f0f0f0f, R11
	VMOVD R11, X0
	VPBROADCASTD X0, Y15
	VBROADCASTI128 (DI), Y7
	VBROADCASTI128 16(DI), Y8
	VBROADCASTI128 32(DI), Y9
	VBROADCASTI128 48(DI), Y10
	VBROADCASTI128 64(DI), Y11
	VBROADCASTI128 80(DI), Y12
	VBROADCASTI128 96(DI), Y13
	VBROADCASTI128 112(DI), Y14
	XORL AX, AX

block:
	LEAQ 35(AX), R11
	CMPQ R11, CX
	JG   done
	VMOVDQU (SI)(AX*1), Y0
	VPSRLW $4, Y0, Y1
	VPAND Y15, Y0, Y0
	VPAND Y15, Y1, Y1
	VPSHUFB Y0, Y7, Y0
	VPSHUFB Y1, Y8, Y1
	VPAND Y0, Y1, Y0
	VMOVDQU 1(SI)(AX*1), Y2
	VPSRLW $4, Y2, Y3
	VPAND Y15, Y2, Y2
	VPAND Y15, Y3, Y3
	VPSHUFB Y2, Y9, Y2
	VPSHUFB Y3, Y10, Y3
	VPAND Y2, Y3, Y2
	VPAND Y0, Y2, Y0
	VMOVDQU 2(SI)(AX*1), Y2
	VPSRLW $4, Y2, Y3
	VPAND Y15, Y2, Y2
	VPAND Y15, Y3, Y3
	VPSHUFB Y2, Y11, Y2
	VPSHUFB Y3, Y12, Y3
	VPAND Y2, Y3, Y2
	VPAND Y0, Y2, Y0
	VMOVDQU 3(SI)(AX*1), Y2
	VPSRLW $4, Y2, Y3
	VPAND Y15, Y2, Y2
	VPAND Y15, Y3, Y3
	VPSHUFB Y2, Y13, Y2
	VPSHUFB Y3, Y14, Y3
	VPAND Y2, Y3, Y2
	VPAND Y0, Y2, Y0
	VPXOR Y1, Y1, Y1
	VPCMPEQB Y1, Y0, Y0
	VPMOVMSKB Y0, R10
	NOTL R10
	MOVQ R10, (BX)
	MOVQ AX, 8(BX)
	LEAQ 16(BX), DX
	TESTL R10, R10
	CMOVQNE DX, BX
	ADDQ $32, AX
	JMP  block

done:
	VZEROUPPER
	SUBQ out+24(FP), BX
	SHRQ $4, BX
	MOVQ BX, hits+32(FP)
	MOVQ AX, done+40(FP)
	RET
